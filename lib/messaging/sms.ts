import { PublishCommand } from '@aws-sdk/client-sns';
import { config } from '../config.ts';
import { sns } from './sns.ts';

/** Sends one SMS at once and with priority. Throws what SNS answers when it does not take it. */
export async function sendSms(phone: string, text: string): Promise<void> {
  await sns().send(
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
