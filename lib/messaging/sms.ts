import { config } from '../config.ts';
import { askSns } from './snsQuery.ts';

/**
 * Sends one SMS at once and with priority. Throws what SNS answers when it does not take it.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export async function sendSms(phone: string, text: string): Promise<void> {
  const sender = config.smsSenderId;
  await askSns('Publish', {
    PhoneNumber: phone,
    Message: text,
    ...attribute(1, 'AWS.SNS.SMS.SMSType', 'Transactional'),
    ...(sender && attribute(2, 'AWS.SNS.SMS.SenderID', sender)),
  });
}

function attribute(number: number, name: string, value: string): Record<string, string> {
  const entry = `MessageAttributes.entry.${number}`;
  return { [`${entry}.Name`]: name, [`${entry}.Value.DataType`]: 'String', [`${entry}.Value.StringValue`]: value };
}
