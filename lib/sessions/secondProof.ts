import * as z from 'zod';
import type { Customer } from '../customers/customerRepository.ts';
import { ApiError, fail, type SecondProofKind } from '../errors.ts';
import { clearable } from '../http/fields.ts';
import type { Language } from '../languages.ts';
import { loggable, logger } from '../logger.ts';
import { consumeOtpWrite } from '../otp/otpAttempts.ts';
import { otpCode } from '../otp/otpSchema.ts';
import { sendEmailOtp } from '../otp/sendEmailOtp.ts';
import { countNetworkLimits, verifyOtp } from '../otp/verifyOtp.ts';
import { countLoginAttempt } from '../passwords/loginAttempts.ts';
import { matchesHash } from '../passwords/passwordHash.ts';
import { Password } from '../passwords/passwordRepository.ts';
import { givenPassword } from '../passwords/passwordSchema.ts';
import type { Write } from '../table/expressions.ts';
import { passwordKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';

const type = 'second_proof';

/** The response of a client to `second_proof_required`. */
export interface SecondProof {
  password?: string | null | undefined;
  email_otp?: string | null | undefined;
  new_account?: boolean | null | undefined;
}

interface Checked {
  /** The customer whose second proof was checked. */
  customerId: number;
  isNewAccount: boolean;
  /** Writes for the transaction of the sign-in. */
  writes: Write[];
  settle?: (() => Promise<unknown>) | undefined;
}

/**
 * Checks the second proof for an account that was not used for a long time, whose phone may belong
 * to a new person. An account without a second proof needs none. If the request has none of the
 * three fields, a code is sent to the verified e-mail address.
 * @throws secondProofRequired, wrongCredentials; otpInvalid, otpExpired, otpAttemptLimit with
 * `email_otp`; limitExceeded
 */
export async function checkSecondProof(
  customer: Customer,
  proof: SecondProof,
  { network, language }: { network: string; language: Language },
): Promise<Checked> {
  const [stored] = await readAll([{ key: passwordKey(customer.id), as: Password }]);
  const kinds: SecondProofKind[] = [
    ...(stored ? (['password'] as const) : []),
    ...(customer.email && customer.isEmailVerified ? (['email'] as const) : []),
  ];
  const checked = { customerId: customer.id, isNewAccount: false, writes: [] };
  if (kinds.length === 0) return checked;
  if (proof.password && stored) {
    const attempt = await countLoginAttempt(`customer ${customer.id}`, network);
    if (!(await matchesHash(proof.password, stored.hash))) return fail('wrongCredentials');
    return { ...checked, writes: [attempt.resetFailures], settle: attempt.undoSharedCounts };
  }
  if (proof.email_otp && kinds.includes('email')) {
    const admission = await countNetworkLimits(customer.email, type, { network, hasDeviceToken: false });
    const otp = await verifyOtp(admission, proof.email_otp, 'email_otp');
    return { ...checked, writes: [consumeOtpWrite(otp)], settle: otp.refund };
  }
  if (proof.new_account) return { ...checked, isNewAccount: true };
  if (kinds.includes('email')) await sendProofOtp(customer.email, network, language);
  return fail('secondProofRequired', { kinds });
}

/** Sends an OTP. If a limit rejects the send, the client may still have an earlier OTP. */
async function sendProofOtp(email: string, network: string, language: Language): Promise<void> {
  const caller = { network, hasDeviceToken: false };
  await sendEmailOtp({ email, type, language, caller }).catch((error) => {
    if (!(error instanceof ApiError)) throw error;
    logger.warn('second_proof_not_sent', { error: loggable(error) });
  });
}

export const secondProofFields = {
  password: clearable(givenPassword).optional().describe('After `second_proof_required`: the password of the account.'),
  email_otp: clearable(otpCode)
    .optional()
    .describe('After `second_proof_required`: the code that was sent to the e-mail address.'),
  new_account: z
    .boolean()
    .nullish()
    .describe(
      'After `second_proof_required`: true starts a new account with this phone, if the caller has no second proof.',
    ),
};
