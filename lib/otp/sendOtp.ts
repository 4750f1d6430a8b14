import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import * as countries from '../countries/countryRepository.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import { readPhoneOwner } from '../customers/phoneClaims.ts';
import { failFields } from '../errors.ts';
import type { Language } from '../languages.ts';
import { sendSms } from '../messages/sms.ts';
import { countInCaps } from '../messages/smsCaps.ts';
import { deliverOtp } from './deliverOtp.ts';
import { hashOtp } from './otpHash.ts';
import * as otps from './otpRepository.ts';
import { composeOtpSms } from './otpSms.ts';
import { chooseShare, findRequester, type OtpCaller } from './verifyOtp.ts';

interface Send {
  phone: Phone;
  type: otps.OtpType;
  /**
   * Selects the line for automatic code entry. An app that is not configured gets a plain message.
   */
  appId: string | undefined;
  language: Language;
  caller: OtpCaller;
  /** Whether the send of the client network was counted already. */
  isClientCounted?: boolean;
  /**
   * Counts and stores the OTP but sends no SMS: the client must not learn whether there is an
   * account.
   */
  isDecoy?: boolean;
  /** The name of the phone's field in the request. */
  attr?: string;
}

/**
 * Sends a new OTP to a phone: see {@link deliverOtp}.
 * @returns seconds until the OTP expires and until the next send
 * @throws otpSendLimit, otpAttemptLimit, smsOptedOut, throttled, `invalid` for a phone that SNS
 * does not know, or whose country is no longer served
 */
export async function sendOtp(send: Send) {
  const { phone, type, appId, language, caller, isClientCounted, isDecoy, attr = 'phone' } = send;
  const { number, country } = phone;
  const { active } = await countries.find(country);
  if (!active) return failFields({ attr, code: 'invalid' });
  const now = nowSeconds();
  const testNumber = otps.findTestNumber(number, now);
  if (testNumber) {
    const stored = await hashOtp(testNumber.otp, number, type, { now, network: findRequester(caller) });
    await otps.issueTestOtp(number, type, chooseShare(type, caller), stored, now);
    return { expiresInSeconds: config.otpSeconds, resendInSeconds: 0 };
  }
  const channel = {
    countInCaps: (capCaller: Parameters<typeof countInCaps>[2], at: number) =>
      countInCaps(number, country, capCaller, at),
    hasAccount: async () => (await readPhoneOwner(number)) !== undefined,
    send: (code: string) => sendSms({ to: number, text: composeOtpSms(code, language, appId), type, country, attr }),
  };
  return deliverOtp({ address: number, type, caller, isClientCounted, channel: isDecoy ? undefined : channel });
}
