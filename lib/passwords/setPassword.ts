import { fail, failFields } from '../errors.ts';
import type { RecordWrites } from '../idempotency/idempotencyRecord.ts';
import { sendSecurityNotice } from '../messages/securityNotice.ts';
import { countNetworkLimits, verifyOtp } from '../otp/verifyOtp.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { requireFreshlyVerified } from '../sessions/freshVerification.ts';
import { changePassword } from './changePassword.ts';
import { hashPassword } from './passwordHash.ts';
import { isGuessable } from './passwordSchema.ts';
import { isSamePassword } from './samePassword.ts';

interface NewPassword {
  email?: string | null | undefined;
  password: string;
  code?: string | null | undefined;
  clientIp: string;
  record: RecordWrites;
}

/**
 * Sets a customer's password, and the e-mail address to use it with. It needs a freshly verified
 * session, or an OTP of the type `password_reset`. It revokes the other sessions if the customer
 * had a password before.
 * @throws reauthenticationRequired, otpInvalid, otpExpired, otpAttemptLimit, limitExceeded,
 * throttled, authenticationFailed, tokenNotValid; `required` and `unique` for the e-mail address,
 * `too_common` for the password
 */
export async function setPassword({ customer, session }: SignedIn, newPassword: NewPassword): Promise<void> {
  const { phoneNumber: phone } = customer;
  if (!phone || !newPassword.code) requireFreshlyVerified(session);
  if (!newPassword.email && !customer.email) return failFields({ attr: 'email', code: 'required' });
  const email = newPassword.email ?? undefined;
  if (isGuessable(newPassword.password, { email: email ?? customer.email, phone })) {
    return failFields({ attr: 'password', code: 'too_common' });
  }
  const network = toClientNetwork(newPassword.clientIp);
  const otp =
    phone && newPassword.code
      ? await verifyOtp(
          await countNetworkLimits(phone, 'password_reset', { network, hasDeviceToken: false, isSignedIn: true }),
          newPassword.code,
        )
      : undefined;
  const hash = await hashPassword(newPassword.password);
  const isDone = await changePassword(customer.id, {
    hash,
    email,
    network,
    otp,
    keptSessionId: session.id,
    record: newPassword.record,
  });
  if (!isDone) fail(otp ? 'otpExpired' : 'authenticationFailed');
  const isNewEmail = email !== undefined && email !== customer.email;
  await sendSecurityNotice(customer, isNewEmail ? 'emailAndPassword' : 'password');
}

/**
 * Repeats a request whose response was lost.
 * @throws idempotencyKeyConflict if it does not have the password that the first request set
 */
export async function repeatSetPassword(
  customerId: number,
  { password, clientIp }: Pick<NewPassword, 'password' | 'clientIp'>,
): Promise<void> {
  const isSame = await isSamePassword(customerId, password, toClientNetwork(clientIp));
  if (!isSame) fail('idempotencyKeyConflict');
}
