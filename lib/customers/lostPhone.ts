import { nowMs, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import type { Texts } from '../languages.ts';
import * as notifications from '../notifications/notificationRepository.ts';
import * as customers from './customerRepository.ts';

const title: Texts = { en: 'Your phone number was removed', ar: 'أُزيل رقم هاتفك من حسابك' };
const body: Texts = {
  en: 'Another customer has confirmed it with a code. Please confirm another number.',
  ar: 'أكّد عميل آخر هذا الرقم برمز. يُرجى تأكيد رقم آخر.',
};

/**
 * Tells a customer, in the inbox and by a push, that another one has verified their phone. The
 * phone itself gets no SMS, because it is the other customer's. A repetition adds no second
 * notification: a customer gives an unverified phone once, at the sign-up, so the id of the
 * notification is that of the customer.
 */
export async function announceLostPhone(customerId: number): Promise<void> {
  const customer = await customers.find(customerId);
  if (!customer) return;
  await notifications.add(customer, {
    id: customerId,
    type: 'other',
    title: title[customer.language],
    body: body[customer.language],
    data: { type: 'phone_lost' },
    createdAtMs: nowMs(),
    expiresAtSeconds: nowSeconds() + config.notificationSeconds,
  });
}
