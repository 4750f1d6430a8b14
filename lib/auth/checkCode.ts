import { nowSeconds } from '../clock.ts';
import { fail } from '../errors.ts';
import * as otps from '../repositories/otps.ts';
import { opens } from './sealedCode.ts';

/**
 * Checks a code. The try is counted before the comparison, so that parallel guesses get no more of them. A right code
 * still has to be used up: by the write {@link otps.consumption} in the transaction of whatever it allows.
 * @throws otpInvalid, otpExpired, otpTryLimit
 */
export async function checkCode(phone: string, type: otps.OtpType, typed: string): Promise<otps.Code> {
  const tried = await otps.takeTry(phone, type, nowSeconds());
  if (tried.outcome === 'limit') return fail('otpTryLimit', { retryAfterSeconds: tried.waitSeconds });
  if (tried.outcome === 'none') return fail('otpExpired');
  return (await opens(tried.code, phone, type, typed)) ? tried.code : fail('otpInvalid');
}
