import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { Language } from '../languages.ts';
import { sendEmail } from '../messages/email.ts';
import { countInEmailCap } from '../messages/emailCaps.ts';
import { isSuppressed } from '../messages/suppressedEmails.ts';
import { deliverOtp } from './deliverOtp.ts';
import { composeOtpEmail, type EmailOtpType } from './otpEmail.ts';
import type { OtpCaller } from './verifyOtp.ts';

interface Send {
  /** In lower case. */
  email: string;
  type: EmailOtpType;
  language: Language;
  caller: OtpCaller;
  isClientCounted?: boolean;
  /** Counts and stores the OTP but sends no e-mail. */
  isDecoy?: boolean;
  /**
   * Runs before the e-mail is sent. Returns how to undo what it did, in case SES rejects the
   * e-mail.
   */
  prepare?: () => Promise<() => Promise<unknown>>;
}

/**
 * Sends a new OTP to an e-mail address: see {@link deliverOtp}.
 * @returns seconds until the OTP expires and until the next send
 * @throws emailUnavailable, emailUndeliverable, otpSendLimit, otpAttemptLimit, throttled, `invalid`
 * for an address that SES rejects
 */
export async function sendEmailOtp(send: Send) {
  const { email, type, language, caller, isClientCounted, isDecoy, prepare } = send;
  if (!config.emailSender) return fail('emailUnavailable');
  const suppressed = isDecoy ? undefined : isSuppressed(email);
  // A limit may reject the send first.
  suppressed?.catch(() => undefined);
  const channel = {
    countInCaps: (...args: Parameters<typeof countInEmailCap>) => [countInEmailCap(...args)],
    // Only a verified address gets a code for a new password.
    hasAccount: async () => type === 'password_reset',
    send: async (code: string) => {
      if (await suppressed) fail('emailUndeliverable');
      const undo = await prepare?.();
      await sendEmail({ to: email, type, ...composeOtpEmail(code, type, language) }).catch(async (error) => {
        await undo?.();
        throw error;
      });
    },
  };
  return deliverOtp({ address: email, type, caller, isClientCounted, channel: isDecoy ? undefined : channel });
}
