import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import type { Customer } from '../customers/customerRepository.ts';
import type { Texts } from '../languages.ts';
import { loggable, logger } from '../logger.ts';
import { countInAll } from '../rateLimits/rateLimits.ts';
import { sendEmail } from './email.ts';
import { countInEmailCap } from './emailCaps.ts';
import { layOutEmail } from './emailLayout.ts';
import { countNoticeToAddress, noticesPerDay } from './smsCaps.ts';
import { isSuppressed } from './suppressedEmails.ts';

interface SecurityMessage {
  subject: Texts;
  /** The paragraphs below the shop's name. */
  paragraphs: readonly Texts[];
}

/**
 * Sends a notice to the verified e-mail address of a customer. A failure to send is only logged. An
 * unverified address may be a stranger's, and gets no e-mail.
 */
export async function sendSecurityEmail(
  { email: to, isEmailVerified, language }: Pick<Customer, 'email' | 'isEmailVerified' | 'language'>,
  message: SecurityMessage,
): Promise<void> {
  if (!to || !isEmailVerified || !config.emailSender) return;
  try {
    if (await isSuppressed(to)) return;
    const now = nowSeconds();
    const counted = await countInAll([countNoticeToAddress(to, noticesPerDay, now), countInEmailCap('device', now)]);
    if (!counted.done) return logger.warn('security_email_over_limit');
    const subject = `${config.brandName}: ${message.subject[language]}`;
    const paragraphs = message.paragraphs.map((texts) => texts[language]);
    const html = layOutEmail({ language, subject, paragraphs });
    await sendEmail({ to, type: 'notice', subject, text: [config.brandName, ...paragraphs].join('\n\n'), html });
  } catch (error) {
    logger.warn('security_email_failed', { error: loggable(error) });
  }
}
