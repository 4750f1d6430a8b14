import { timingSafeEqual } from 'node:crypto';
import { fail } from '../errors.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import * as customers from './customerRepository.ts';
import { hashSecret, type PhoneChange, removePhoneChangeWrites } from './phoneChange.ts';
import { addToInbox } from './phoneChangeNotices.ts';

/** Cancels a waiting change, and tells the customer's devices. @throws notFound */
export async function cancelPhoneChange(customer: customers.Customer, id: number): Promise<void> {
  const change = customer.phoneChange;
  if (change?.id !== id) return fail('notFound');
  if (!(await removePhoneChange(customer.id, change))) return fail('notFound');
  await addToInbox(customer, change, 'cancelled');
}

/** Returns whether the change still waited. */
export async function removePhoneChange(
  customerId: number,
  change: PhoneChange,
  others: readonly Write[] = [],
): Promise<boolean> {
  const { done } = await transact([...removePhoneChangeWrites(customerId, change), ...others]);
  return done;
}

/** Returns the customer and the waiting change of a link, or undefined if none waits. */
export async function findByLink(link: string) {
  const [, customerId, secret = ''] = /^(\d{1,16})\.([\w-]{22})$/.exec(link) ?? [];
  const customer = customerId ? await customers.find(Number(customerId)) : undefined;
  const change = customer?.phoneChange;
  if (!customer || !change) return undefined;
  const isOurs = timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(change.linkHash));
  return isOurs ? { customer, change } : undefined;
}
