import { nowMs, nowSeconds } from '../clock.ts';
import { Customer } from '../customers/customerRepository.ts';
import { add, type Content } from '../notifications/notificationRepository.ts';
import { newId } from '../table/ids.ts';
import { profileKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';

/** Puts a notification into a customer's inbox; its title is its id unless one is given. */
export async function notifyOf(customerId: number, content: Partial<Content> = {}): Promise<number> {
  const [customer] = await readAll([{ key: profileKey(customerId), as: Customer }]);
  if (!customer) throw new Error(`There is no customer ${customerId}.`);
  const id = newId();
  const plain = { type: 'other', title: String(id), body: 'Body', data: {} } as const;
  await add(customer, { id, ...plain, createdAtMs: nowMs(), expiresAtSeconds: nowSeconds() + 86_400, ...content });
  return id;
}
