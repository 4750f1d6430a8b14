import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import * as customers from '../customers/customerRepository.ts';
import type { Texts } from '../languages.ts';
import { sendSecurityEmail } from '../messages/securityEmail.ts';
import { notifyCustomer } from '../notifications/notifyCustomer.ts';
import type { Session } from './sessionRepository.ts';

const title: Texts = { en: 'New sign-in to your account', ar: 'تسجيل دخول جديد إلى حسابك' };
const body: Texts = {
  en: 'If this was not you, end that session in the app.',
  ar: 'إن لم تكن أنت، فأنهِ هذه الجلسة من التطبيق.',
};

/**
 * Tells a customer about a sign-in on a device that the account did not know: in the inbox, by a
 * push to the other devices, and by e-mail to a verified address. A repetition adds no second
 * notification, because the notification has the id of the session.
 */
export async function announceNewDevice({ id, customerId, createdAtSeconds }: Session): Promise<void> {
  const customer = await customers.find(customerId);
  if (!customer || createdAtSeconds + config.notificationSeconds <= nowSeconds()) return;
  await notifyCustomer(customer, {
    id,
    title,
    body,
    data: { type: 'new_sign_in', session_id: String(id) },
    newSessionId: id,
    createdAtMs: createdAtSeconds * 1000,
  });
  if (customer.pushNewSignIn) await sendSecurityEmail(customer, { subject: title, paragraphs: [body] });
}
