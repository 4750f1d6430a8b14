import type { Texts } from '../languages.ts';
import { loggable, logger } from '../logger.ts';
import { sendSecurityEmail } from '../messages/securityEmail.ts';
import { sendWarning } from '../messages/securityNotice.ts';
import { notifyCustomer } from '../notifications/notifyCustomer.ts';
import type { Customer } from './customerRepository.ts';
import type { PhoneChange } from './phoneChange.ts';

const requested: Texts = {
  en: 'A change of your account to another phone number was requested. Not you? Cancel it here:',
  ar: 'طُلب نقل حسابك إلى رقم هاتف آخر. إن لم تطلب ذلك، فألغِ الطلب من هنا:',
};

const title: Texts = { en: 'Your phone number', ar: 'رقم هاتفك' };
const bodies = {
  requested: {
    en: 'A change to another phone number was requested. If this was not you, cancel it in the app.',
    ar: 'طُلب تغيير رقم هاتفك إلى رقم آخر. إن لم تطلب ذلك، فألغِ الطلب من التطبيق.',
  },
  cancelled: { en: 'The change of your phone number was cancelled.', ar: 'تم إلغاء طلب تغيير رقم هاتفك.' },
  applied: { en: 'Your phone number was changed.', ar: 'تم تغيير رقم هاتفك.' },
  taken: {
    en: 'Your phone number was not changed, because another account has the new number.',
    ar: 'لم يتغير رقم هاتفك لأن الرقم الجديد مسجّل لحساب آخر.',
  },
} as const satisfies Record<string, Texts>;

/**
 * Tells the old phone and the verified e-mail address, with a link that cancels the change, and
 * every device.
 * @throws smsOptedOut, throttled, limitExceeded if the old phone gets no SMS
 */
export async function announceRequest(customer: Customer, change: PhoneChange, link: string): Promise<void> {
  const withLink = { en: `${requested.en} ${link}`, ar: `${requested.ar} ${link}` };
  if (customer.phoneNumber) await sendWarning(customer, withLink[customer.language]);
  await Promise.all([
    sendSecurityEmail(customer, { subject: title, paragraphs: [withLink] }),
    addToInbox(customer, change, 'requested'),
  ]);
}

/**
 * Adds a notification about a change to the inbox, which is pushed to every device. The change has
 * been made already, so a failure is only logged.
 */
export async function addToInbox(customer: Customer, { id }: PhoneChange, event: keyof typeof bodies): Promise<void> {
  try {
    const data = { type: `phone_change_${event}`, phone_change_id: String(id) };
    await notifyCustomer(customer, { title, body: bodies[event], data, isSecurity: event === 'requested' });
  } catch (error) {
    logger.warn('phone_change_notice_failed', { error: loggable(error) });
  }
}

/** Tells a customer whose waiting change ended with a sign-in. */
export async function announceCancelled(before: Customer): Promise<void> {
  if (before.phoneChange) await addToInbox(before, before.phoneChange, 'cancelled');
}
