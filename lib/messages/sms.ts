import { countEvent } from '../aws/metrics.ts';
import { ServiceFailure } from '../aws/signedFetch.ts';
import { callSns, messageAttributes } from '../aws/snsQuery.ts';
import { config } from '../config/config.ts';
import { fail, failFields } from '../errors.ts';
import { loggable, logger } from '../logger.ts';

interface Sms {
  /** E.164. */
  to: string;
  text: string;
  /** The purpose for the log: the type of an OTP, or `notice`. */
  type: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** The name of the phone's field in the request. */
  attr: string;
  /** Whether a second SMS does no harm after an unknown outcome. */
  isRepeatable?: boolean;
}

const throttledSeconds = 5;

/**
 * Sends one SMS at once and with priority. An unknown outcome (a timeout, a cut connection, a 5xx)
 * counts as sent, and the SMS is not sent again.
 * @throws smsOptedOut, throttled, `invalid` for a number that SNS rejects; any other rejection of
 * SNS unchanged. The SMS was not sent.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export async function sendSms({ to, text, type, country, attr, isRepeatable = false }: Sms): Promise<void> {
  const sender = config.smsSenderId;
  const message = {
    PhoneNumber: to,
    Message: text,
    ...messageAttributes({
      'AWS.SNS.SMS.SMSType': 'Transactional',
      ...(sender && { 'AWS.SNS.SMS.SenderID': sender }),
    }),
  };
  try {
    await callSns('Publish', message, { isRepeatable });
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (error.isDefinite) rejectSms(error, attr);
    logger.warn('sms_outcome_unknown', { sms_type: type, country, error: loggable(error) });
  }
  countEvent('sms_sent', type === 'notice' ? 'NoticesSent' : 'CodesSent', { sms_type: type, country });
}

function rejectSms(failure: ServiceFailure, attr: string): never {
  const { name } = failure;
  if (name.startsWith('SnsOptedOut')) fail('smsOptedOut');
  if (name.startsWith('SnsThrottl') || name === 'SnsStatus429')
    fail('throttled', { retryAfterSeconds: throttledSeconds });
  if (name.startsWith('SnsInvalidParameter')) failFields({ attr, code: 'invalid' });
  logger.warn('sms_rejected', { error: loggable(failure) });
  throw failure;
}
