import { nowSeconds } from '../clock.ts';
import { fail } from '../errors.ts';
import * as otps from '../repositories/otps.ts';
import { opens } from './sealedCode.ts';

/**
 * Checks a code. The try is counted before the comparison, so that parallel guesses get no more of them. A right code
 * still has to be used up: by the write {@link otps.consumption} in the transaction of whatever it allows.
 * @param attr what the request calls the code
 * @throws otpInvalid, otpExpired, otpTryLimit
 */
export async function checkCode(phone: string, type: otps.OtpType, typed: string, attr = 'otp'): Promise<otps.Code> {
  const tried = await otps.takeTry(phone, type, nowSeconds());
  if (tried.outcome === 'limit') return fail('otpTryLimit', { retryAfterSeconds: tried.waitSeconds });
  if (tried.outcome === 'none') return fail('otpExpired', { attr });
  return (await opens(tried.code, phone, type, typed)) ? tried.code : fail('otpInvalid', { attr });
}

/**
 * The code if it is right; undefined whatever else it is, for those who must not learn that there could be one. They get a
 * part of the phone's tries, so that its owner has some left to sign in with.
 */
export async function rightCode(phone: string, type: otps.OtpType, typed: string): Promise<otps.Code | undefined> {
  const tried = await otps.takeTry(phone, type, nowSeconds(), 'part');
  return tried.outcome === 'compare' && (await opens(tried.code, phone, type, typed)) ? tried.code : undefined;
}
