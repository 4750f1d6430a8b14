import { randomInt } from 'node:crypto';
import { nowSeconds, utcDate } from '../clock.ts';
import { config } from '../config.ts';
import { fail, type Language } from '../errors.ts';
import { otpMessage } from '../messaging/otpMessage.ts';
import { sendSms } from '../messaging/sms.ts';
import * as otps from '../repositories/otps.ts';
import * as sends from '../repositories/sends.ts';
import type { Phone } from '../schemas/phone.ts';
import { clientNetwork } from './clientNetwork.ts';
import { seal } from './sealedCode.ts';

interface Send {
  phone: Phone;
  type: otps.OtpType;
  /** Picks the line for automatic code entry; an app that is not configured gets a plain message. */
  appId: string | undefined;
  language: Language;
  clientAddress: string;
}

/**
 * Sends a new code, which replaces the phone's last one of this type. A send that is refused or fails changes nothing:
 * no limit is spent and the last code still works.
 * @returns seconds until the code expires and until the next send
 * @throws otpSendLimit
 */
export async function sendCode({ phone, type, appId, language, clientAddress }: Send) {
  const now = nowSeconds();
  const testNumber = config.testNumbers.find(
    (entry) => entry.phone_number === phone.number && utcDate(now) <= entry.until,
  );
  const code = testNumber?.otp ?? drawCode();
  const stored = await seal(code, phone.number, type, now);
  if (testNumber) {
    await otps.place(phone.number, type, stored, now);
    return { expiresInSeconds: config.otpSeconds, resendInSeconds: 0 };
  }

  const replaced = await otps.replace(phone.number, type, stored, now);
  if (!replaced.done) return fail('otpSendLimit', { retryAfterSeconds: replaced.waitSeconds });
  const counts = await Promise.allSettled([
    sends.countForClient(clientNetwork(clientAddress), now),
    sends.countForCountry(phone.country, now),
    sends.countForStage(now),
  ]);
  try {
    let waitSeconds = 0;
    for (const count of counts) {
      if (count.status === 'rejected') throw count.reason;
      if (!count.value.done) waitSeconds = Math.max(waitSeconds, count.value.waitSeconds);
    }
    if (waitSeconds > 0) fail('otpSendLimit', { retryAfterSeconds: waitSeconds });
    await sendSms(phone.number, otpMessage(code, language, appId));
  } catch (error) {
    const counted = counts.flatMap((count) => (count.status === 'fulfilled' && count.value.done ? [count.value] : []));
    await Promise.allSettled([replaced, ...counted].map(({ undo }) => undo()));
    throw error;
  }
  return { expiresInSeconds: config.otpSeconds, resendInSeconds: replaced.waitSeconds };
}

/** Six digits, each combination as likely as any other. */
function drawCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}
