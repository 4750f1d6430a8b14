import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import type { Customer } from '../customers/customerRepository.ts';
import { ApiError, fail, ValidationError } from '../errors.ts';
import type { Texts } from '../languages.ts';
import { loggable, logger } from '../logger.ts';
import { notifyCustomer } from '../notifications/notifyCustomer.ts';
import { countInAll } from '../rateLimits/rateLimits.ts';
import { sendSecurityEmail } from './securityEmail.ts';
import { sendSms } from './sms.ts';
import { countInCaps, countNoticeToAddress, noticesPerDay } from './smsCaps.ts';

const changes = {
  email: { en: 'The e-mail address of your account was changed.', ar: 'تم تغيير البريد الإلكتروني لحسابك.' },
  password: { en: 'A new password was set for your account.', ar: 'تم تعيين كلمة مرور جديدة لحسابك.' },
  phone: { en: 'The phone number of your account was changed.', ar: 'تم تغيير رقم هاتف حسابك.' },
  emailAndPassword: {
    en: 'The e-mail address and the password of your account were changed.',
    ar: 'تم تغيير البريد الإلكتروني وكلمة المرور لحسابك.',
  },
} as const satisfies Record<string, Texts>;

const advice: Texts = {
  en: 'Not you? Log out of all devices and contact us.',
  ar: 'إن لم تُجرِ هذا التغيير بنفسك، فسجّل الخروج من جميع الأجهزة وتواصل معنا.',
};

const securityAlert: Texts = { en: 'Security alert', ar: 'تنبيه أمني' };

/**
 * Sends a notice about a changed e-mail address, password or phone to the verified phone and the
 * verified e-mail address from before the change. The change is already made, so a failure to send
 * is only logged. An unverified phone may be a stranger's, and gets no SMS.
 */
export async function sendSecurityNotice(before: Customer, change: keyof typeof changes): Promise<void> {
  const { language } = before;
  await Promise.all([
    sendNotice(before, `${changes[change][language]} ${advice[language]}`),
    sendSecurityEmail(before, { subject: securityAlert, paragraphs: [changes[change], advice] }),
  ]);
}

const emailLost = {
  title: { en: 'Your e-mail address was removed', ar: 'أُزيل بريدك الإلكتروني' },
  body: {
    en: 'Another customer has verified the e-mail address of your account. Add one of your own.',
    ar: 'تحقّق عميل آخر من ملكيته للبريد الإلكتروني المسجّل في حسابك. أضف بريدًا إلكترونيًا يخصك.',
  },
} as const satisfies Record<string, Texts>;

/**
 * Tells a customer that another one has verified their e-mail address: by SMS to the verified
 * phone, and by a notification, which is pushed. A failure is only logged.
 */
export async function sendEmailLostNotice(before: Customer): Promise<void> {
  const notification = notifyCustomer(before, { ...emailLost, data: { type: 'email_lost' } }).catch((error) =>
    logger.warn('security_notification_failed', { error: loggable(error) }),
  );
  await Promise.all([notification, sendNotice(before, emailLost.body[before.language])]);
}

/** Sends a notice to the verified phone of an account. A failure is only logged. */
export async function sendNotice(customer: Customer, notice: string): Promise<void> {
  if (!customer.phoneNumber) return;
  try {
    await sendCounted(customer, notice, { perDay: noticesPerDay });
  } catch (error) {
    const isOverLimit = error instanceof ApiError && error.errorName === 'limitExceeded';
    logger.warn(isOverLimit ? 'security_notice_over_limit' : 'security_notice_failed', { error: loggable(error) });
  }
}

/**
 * Sends a warning to the verified phone of an account, on which the safety of a change depends. It
 * has no limit of its own, so that no other notice can use it up.
 * @throws limitExceeded at a cap of SMS; smsOptedOut also for a phone that SNS rejects; the other
 * errors of {@link sendSms}
 */
export async function sendWarning(customer: Customer, warning: string): Promise<void> {
  await sendCounted(customer, warning, { isRepeatable: true }).catch((error) => {
    throw error instanceof ValidationError ? new ApiError('smsOptedOut') : error;
  });
}

async function sendCounted(
  { phoneNumber: to, countryCode: country }: Customer,
  notice: string,
  { perDay, isRepeatable = false }: { perDay?: number; isRepeatable?: boolean },
): Promise<void> {
  const now = nowSeconds();
  const counted = await countInAll([
    ...(perDay === undefined ? [] : [countNoticeToAddress(to, perDay, now)]),
    // Strangers cannot use up the part of the caps that is for devices of customers.
    ...countInCaps(to, country, 'device', now),
  ]);
  if (!counted.done) return fail('limitExceeded', { retryAfterSeconds: counted.waitSeconds });
  const text = `${config.brandName}: ${notice}`;
  await sendSms({ to, text, type: 'notice', country, attr: 'phone_number', isRepeatable }).catch(async (error) => {
    await counted.undo();
    throw error;
  });
}
