import { releaseTokenWrite } from '../devices/deviceWrites.ts';
import { deleteImagesOf } from '../images/store.ts';
import { customerPartition, devicePrefix, entryRecordPrefix, erasureKey } from '../table/keys.ts';
import { readRaw, write } from '../table/table.ts';
import { writeAll } from '../table/writeMany.ts';
import { personalData } from './personalData.ts';

const kept: string[] = [
  ...Object.values(personalData).flatMap((kind) => ('outlivesCustomer' in kind ? [kind.sk] : [])),
  // Belongs to an entry, and says nothing beyond it.
  entryRecordPrefix,
];

/** Tells whether an item stays when its customer is erased. */
export function outlivesCustomer(sk: string): boolean {
  return kept.some((prefix) => sk.startsWith(prefix));
}

/**
 * Erases what is left of a customer who has been removed: push tokens, images, and every item of
 * the partition but those that must outlive them. It can be interrupted anywhere and repeated: the
 * mark that asks for it goes last.
 */
export async function eraseCustomer(customerId: number): Promise<void> {
  const items = await readRaw(customerPartition(customerId));
  const mark = erasureKey(customerId);
  const has = (sk: string) => items.some((item) => item.sk === sk);
  if (!has(mark.sk)) return;
  if (has(personalData.profile.sk)) throw new Error('A customer who has not been removed is not erased.');
  const tokens = items
    .filter(({ sk }) => sk.startsWith(devicePrefix))
    .map(({ registrationId }) => String(registrationId));
  await Promise.all(tokens.map((token) => write(releaseTokenWrite(customerId, token))));
  const personal = items.filter(({ sk }) => sk !== mark.sk && !outlivesCustomer(sk));
  await writeAll(personal.map(({ pk, sk }) => ({ key: { pk, sk } })));
  // Last, for as long as an item is there, a change under way may still give it an image.
  await deleteImagesOf(customerId);
  await write({ kind: 'delete', key: mark });
}
