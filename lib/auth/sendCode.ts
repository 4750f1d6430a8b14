import { randomInt } from 'node:crypto';
import { nowSeconds, utcDate } from '../clock.ts';
import { config } from '../config.ts';
import { fail, failFields, type Language } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import { otpMessage } from '../messaging/otpMessage.ts';
import { sendSms } from '../messaging/sms.ts';
import * as countries from '../repositories/countries.ts';
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
  /** Whose send it is; undefined where that has been counted already. */
  clientAddress: string | undefined;
  share?: otps.Share;
  /** Counts and stores all the same, and sends nothing: for who must not learn whether something was sent. */
  isDecoy?: boolean;
}

/**
 * Sends a new code, which replaces the phone's last one of this type. A send that is refused or fails changes nothing:
 * no limit is spent and the last code still works. (When the table's answer was lost as well, the last code is gone.)
 * @returns seconds until the code expires and until the next send
 * @throws otpSendLimit, `invalid` for a phone of a country that is not served any more
 */
export async function sendCode({ phone, type, appId, language, clientAddress, share, isDecoy }: Send) {
  const { active } = await countries.find(phone.country);
  if (!active) return failFields({ attr: 'phone', code: 'invalid' });
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

  const taken: Taken[] = [];
  try {
    // The phone comes last: a client that may not send must not touch the code of somebody else's phone.
    const counts = await Promise.allSettled([
      ...(clientAddress === undefined ? [] : [sends.countForClient(clientNetwork(clientAddress), now)]),
      sends.countForCountry(phone.country, now),
      sends.countForStage(now),
    ]);
    for (const count of counts) if (count.status === 'fulfilled' && count.value.done) taken.push(count.value);
    for (const count of counts) if (count.status === 'rejected') throw count.reason;
    const refusals = counts.flatMap((count) =>
      count.status === 'fulfilled' && !count.value.done ? [count.value] : [],
    );
    if (refusals.length > 0) {
      fail('otpSendLimit', { retryAfterSeconds: Math.max(...refusals.map(({ waitSeconds }) => waitSeconds)) });
    }

    const replaced = await otps.replace(phone.number, type, stored, now, share);
    if (!replaced.done) return fail('otpSendLimit', { retryAfterSeconds: replaced.waitSeconds });
    taken.push(replaced);
    if (!isDecoy) await sendSms(phone.number, otpMessage(code, language, appId));
    return { expiresInSeconds: config.otpSeconds, resendInSeconds: replaced.waitSeconds };
  } catch (error) {
    await giveBack(taken);
    throw error;
  }
}

/** Something that a send has taken and that it gives back when it fails. */
interface Taken {
  undo: () => Promise<unknown>;
}

async function giveBack(taken: readonly Taken[]): Promise<void> {
  for (const result of await Promise.allSettled(taken.map(({ undo }) => undo()))) {
    if (result.status === 'rejected')
      logger().error('A send that failed was not undone.', { error: loggable(result.reason) });
  }
}

/** Six digits, each combination as likely as any other. */
function drawCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}
