import { nowMs, nowSeconds } from '../../clock.ts';
import { Customer } from '../../customers/customerRepository.ts';
import { add, type NotificationContent } from '../../notifications/notificationRepository.ts';
import { newId } from '../../table/ids.ts';
import { profileKey } from '../../table/keys.ts';
import { readAll } from '../../table/table.ts';

/** Adds a notification to a customer's inbox. Its title defaults to its id. */
export async function notifyOf(customerId: number, content: Partial<NotificationContent> = {}): Promise<number> {
  const [customer] = await readAll([{ key: profileKey(customerId), as: Customer }]);
  if (!customer) throw new Error(`There is no customer ${customerId}.`);
  const id = newId();
  const plain = { type: 'other', title: String(id), body: 'Body', data: {} } as const;
  await add(customer, { id, ...plain, createdAtMs: nowMs(), expiresAtSeconds: nowSeconds() + 86_400, ...content });
  return id;
}
