import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { requestHandler } from '../aws.ts';
import { config } from '../config.ts';

let client: SNSClient | undefined;

/** Sends one SMS at once and with priority. Throws what SNS answers when it does not take it. */
export async function sendSms(phone: string, text: string): Promise<void> {
  client ??= new SNSClient({ maxAttempts: 2, requestHandler });
  await client.send(
    new PublishCommand({
      PhoneNumber: phone,
      Message: text,
      MessageAttributes: {
        'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' },
        ...(config.smsSenderId && {
          'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue: config.smsSenderId },
        }),
      },
    }),
  );
}
