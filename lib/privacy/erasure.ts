import { releaseTokenWrite } from '../devices/deviceWrites.ts';
import { deleteImagesOf } from '../images/store.ts';
import { customerPartition, devicePrefix, entryRecordPrefix, erasureKey } from '../table/keys.ts';
import { readRaw, write } from '../table/table.ts';
import { writeAll } from '../table/writeMany.ts';
import { personalData } from './personalData.ts';

const kept: string[] = [
  ...Object.values(personalData).flatMap((kind) => ('outlivesCustomer' in kind ? [kind.sk] : [])),
  // An idempotency record repeats only what its wallet entry holds.
  entryRecordPrefix,
];

/** Tells whether an item stays when its customer is erased. */
export function outlivesCustomer(sk: string): boolean {
  return kept.some((prefix) => sk.startsWith(prefix));
}

/**
 * Erases a deleted customer: push tokens, images, and all items of the partition but those that
 * must outlive the customer. It can be interrupted at any step and repeated, because the mark that
 * requests it is deleted last.
 */
export async function eraseCustomer(customerId: number): Promise<void> {
  const items = await readRaw(customerPartition(customerId));
  const mark = erasureKey(customerId);
  const has = (sk: string) => items.some((item) => item.sk === sk);
  if (!has(mark.sk)) return;
  if (has(personalData.profile.sk)) throw new Error('The profile still exists, so the customer is not erased.');
  const tokens = items
    .filter(({ sk }) => sk.startsWith(devicePrefix))
    .map(({ registrationId }) => String(registrationId));
  await Promise.all(tokens.map((token) => write(releaseTokenWrite(customerId, token))));
  const personal = items.filter(({ sk }) => sk !== mark.sk && !outlivesCustomer(sk));
  await writeAll(personal.map(({ pk, sk }) => ({ key: { pk, sk } })));
  // The images are deleted after the items, because a running change may still add one while an
  // item exists.
  await deleteImagesOf(customerId);
  await write({ kind: 'delete', key: mark });
}
