import { countEvent } from '../aws/metrics.ts';
import { ServiceFailure, signedFetch } from '../aws/signedFetch.ts';
import { config } from '../config/config.ts';
import { fail, failFields } from '../errors.ts';
import { loggable, logger } from '../logger.ts';

interface Email {
  to: string;
  /** The purpose for the log: the type of an OTP, or `notice`. */
  type: string;
  subject: string;
  text: string;
  html: string;
}

const throttledSeconds = 5;

/**
 * Sends one e-mail by SES. An unknown outcome (a timeout, a cut connection, a 5xx) counts as sent,
 * and the e-mail is not sent again.
 * @throws emailUnavailable, throttled, `invalid` for an address that SES rejects; any other
 * rejection of SES unchanged. The e-mail was not sent.
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 */
export async function sendEmail({ to, type, subject, text, html }: Email): Promise<void> {
  const { emailSender: sender, emailConfigurationSet: configurationSet, sesTimeoutMs: timeoutMs } = config;
  if (!sender) return fail('emailUnavailable');
  const encode = (Data: string) => ({ Data, Charset: 'UTF-8' });
  const body = JSON.stringify({
    FromEmailAddress: `${encodeName(config.brandName)} <${sender}>`,
    Destination: { ToAddresses: [to] },
    Content: { Simple: { Subject: encode(subject), Body: { Text: encode(text), Html: encode(html) } } },
    ...(configurationSet && { ConfigurationSetName: configurationSet }),
  });
  const headers = { 'content-type': 'application/json' };
  try {
    const request = { method: 'POST', headers, body, timeoutMs, isRepeatable: false };
    await signedFetch('ses', '/v2/email/outbound-emails', request);
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (error.isDefinite) rejectEmail(error);
    logger.warn('email_outcome_unknown', { email_type: type, error: loggable(error) });
  }
  countEvent('email_sent', 'EmailsSent', { email_type: type });
}

function rejectEmail(failure: ServiceFailure): never {
  const { name } = failure;
  if (/^Ses(Throttl|TooManyRequests|Status429)/.test(name)) {
    fail('throttled', { retryAfterSeconds: throttledSeconds });
  }
  if (name.startsWith('SesBadRequest')) failFields({ attr: 'email', code: 'invalid' });
  logger.warn('email_rejected', { error: loggable(failure) });
  throw failure;
}

/** An encoded word has at most 75 characters, so 45 bytes in base64 beside `=?UTF-8?B?…?=`. */
const mostBytes = 45;

/**
 * Returns the shop's name for a header, which is ASCII.
 * @see https://www.rfc-editor.org/rfc/rfc2047#section-2
 */
export function encodeName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return `"${name.replaceAll(/["\\]/g, '\\$&')}"`;
  const words = [''];
  for (const character of name) {
    const longer = `${words.at(-1)}${character}`;
    if (Buffer.byteLength(longer) > mostBytes) words.push(character);
    else words[words.length - 1] = longer;
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}
