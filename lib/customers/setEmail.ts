import { failFields } from '../errors.ts';
import type { Language } from '../languages.ts';
import { sendEmailOtp } from '../otp/sendEmailOtp.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { requireFreshlyVerified } from '../sessions/freshVerification.ts';
import { findPendingEmail, storePendingEmail } from './pendingEmail.ts';

interface NewEmail {
  email: string;
  language: Language;
  clientIp: string;
}

/**
 * Sends an OTP to a new e-mail address of a customer. The address changes in verifyEmail. The
 * caller does not learn whether another customer has it.
 * @returns seconds until the OTP expires
 * @throws reauthenticationRequired, `invalid` for the customer's own verified address, and the
 * errors of {@link sendEmailOtp}
 */
export async function setEmail({ customer, session }: SignedIn, { email, language, clientIp }: NewEmail) {
  requireFreshlyVerified(session);
  if (customer.isEmailVerified && email === customer.email) return failFields({ attr: 'email', code: 'invalid' });
  const previous = findPendingEmail(customer.id);
  // A limit may reject the send first.
  previous.catch(() => undefined);
  return sendEmailOtp({
    email,
    type: 'email_verification',
    language,
    // Anyone can name this address, so each customer is a separate requester.
    caller: { network: toClientNetwork(clientIp), requester: `customer ${customer.id}`, hasDeviceToken: false },
    prepare: async () => storePendingEmail(customer.id, email, await previous),
  });
}
