import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { config } from '../config.ts';

let client: SNSClient | undefined;

/** Sends one SMS at once and with priority. Throws what SNS answers when it does not take it. */
export async function sendSms(phone: string, text: string): Promise<void> {
  client ??= new SNSClient({ requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000 } });
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
