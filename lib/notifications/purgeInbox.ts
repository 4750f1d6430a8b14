import * as z from 'zod';
import { Customer } from '../customers/customerRepository.ts';
import {
  clearingKey,
  clearingPrefix,
  customerPartition,
  notificationPrefix,
  profileKey,
  readingPrefix,
  unreadPrefix,
} from '../table/keys.ts';
import { readAll, readRange, write } from '../table/table.ts';
import { writeAll } from '../table/writeMany.ts';

/** The mark of a cleared inbox. Its value is new each time, so that no clearing is missed. */
const Mark = z.object({ mark: z.string() });
const Key = z.object({ pk: z.string(), sk: z.string() });

const partSize = 500;

/**
 * Deletes the items from before the last clearing of an inbox. No customer sees them any more. So
 * it can be interrupted at any step and repeated: the mark is deleted last, unless the inbox was
 * cleared again.
 */
export async function purgeInbox(customerId: number): Promise<void> {
  const [customer, clearing] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: clearingKey(customerId), as: Mark },
  ]);
  if (!customer || !clearing) return;
  await deleteBetween(customerId, notificationPrefix, clearingPrefix(customer.clearings));
  await deleteBetween(customerId, unreadPrefix, readingPrefix(customer.readings));
  const values = { ':seen': clearing.mark };
  await write({ kind: 'delete', key: clearingKey(customerId), condition: '#mark = :seen', values });
}

async function deleteBetween(customerId: number, from: string, to: string): Promise<void> {
  for (;;) {
    const keys = await readRange(customerPartition(customerId), { from, to, limit: partSize }, Key);
    await writeAll(keys.map((key) => ({ key })));
    if (keys.length < partSize) return;
  }
}
