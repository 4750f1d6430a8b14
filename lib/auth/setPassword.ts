import { isFresh } from '../clock.ts';
import { config } from '../config.ts';
import { fail, failFields } from '../errors.ts';
import { isGuessable } from '../schemas/password.ts';
import { checkCode } from './checkCode.ts';
import { hashPassword } from './passwords.ts';
import { replacePassword } from './replacePassword.ts';
import type { SignedIn } from './signedIn.ts';

interface Wanted {
  email?: string | null | undefined;
  password: string;
  code?: string | null | undefined;
}

/**
 * Gives a customer a password, and the e-mail address to use it with, once they have proven their phone: by signing in with
 * a code a short while ago, or by a code of the type `password_reset`. Other sessions end where there was a password before.
 * @throws codeNeeded, otpInvalid, otpExpired, otpTryLimit, authenticationFailed, tokenNotValid; `required` and `unique` for the e-mail
 * address, `too_common` for the password
 */
export async function setPassword({ customer, session }: SignedIn, wanted: Wanted): Promise<void> {
  const { phoneNumber: phone } = customer;
  const { provenAtSeconds } = session;
  const isRecent = provenAtSeconds !== null && isFresh(provenAtSeconds, config.recentProofSeconds);
  if (!phone || (!isRecent && !wanted.code)) return fail('codeNeeded');
  if (!wanted.email && !customer.email) return failFields({ attr: 'email', code: 'required' });
  const email = wanted.email ?? undefined;
  if (isGuessable(wanted.password, { email: email ?? customer.email, phone })) {
    return failFields({ attr: 'password', code: 'too_common' });
  }
  const proof = wanted.code ? { phone, code: await checkCode(phone, 'password_reset', wanted.code) } : undefined;
  const hash = await hashPassword(wanted.password);
  const isDone = await replacePassword(customer.id, { hash, email, proof, keeping: session.id });
  if (!isDone) fail(proof ? 'otpExpired' : 'authenticationFailed');
}
