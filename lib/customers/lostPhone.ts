import type { Texts } from '../languages.ts';
import { notifyCustomer } from '../notifications/notifyCustomer.ts';
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
  if (customer) await notifyCustomer(customer, { id: customerId, title, body, data: { type: 'phone_lost' } });
}
