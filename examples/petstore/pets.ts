import * as z from 'zod';
import { attempts, backOff } from '../../lib/backOff.ts';
import { fail, failFields } from '../../lib/errors.ts';
import type { CleanImage } from '../../lib/images/picture.ts';
import { deleteImageBestEffort, storeImage } from '../../lib/images/store.ts';
import { toImageUrl } from '../../lib/images/urls.ts';
import type { Write } from '../../lib/table/expressions.ts';
import { newId } from '../../lib/table/ids.ts';
import { find } from '../../lib/table/items.ts';
import { readLists } from '../../lib/table/mergeLists.ts';
import { readAll, readPrefix, transact } from '../../lib/table/table.ts';
import * as keys from './keys.ts';
import { Inventory, mostPhotos, Pet, type Status } from './schemas.ts';
import { takeUntilLimit } from './takeUntilLimit.ts';

/** Each change sets a new `version`. */
const Stored = Pet.extend({ version: z.int() });

/** @throws a field error if the id is already in use */
export async function addPet(pet: Pet): Promise<Pet> {
  return (await savePet(pet.id, undefined, pet)) ? pet : failFields({ attr: 'id', code: 'unique' });
}

/**
 * Changes a pet in its current state, or deletes it if `change` returns undefined.
 * @throws notFound
 */
export async function changePet<P extends Pet | undefined>(id: number, change: (pet: Pet) => P): Promise<P> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = await find(keys.petKey(id), Stored);
    const after = change(before);
    if (await savePet(id, before, after)) {
      const removed = before.photoUrls.filter((url) => !after?.photoUrls.includes(url));
      await Promise.all(removed.map((url) => deleteImageBestEffort(id, url)));
      return after;
    }
    await backOff(attempt);
  }
  return fail('throttled');
}

/**
 * Stores or deletes a pet, its list entries and its count in one transaction. Returns false if the
 * pet has changed since `before`.
 */
async function savePet(id: number, before: z.infer<typeof Stored> | undefined, pet: Pet | undefined): Promise<boolean> {
  const item = pet && { ...pet, version: newId() };
  const condition = before ? '#version = :version' : 'attribute_not_exists(pk)';
  const unchanged = { key: keys.petKey(id), condition, values: { ':version': before?.version } };
  const [lists, others] = [listsOf(pet), listsOf(before).difference(listsOf(pet))];
  const { done } = await transact([
    item ? { ...unchanged, kind: 'put', item } : { ...unchanged, kind: 'delete' },
    ...Array.from(lists, (pk): Write => ({ kind: 'put', key: keys.listedKey(pk, id), item: { ...item } })),
    ...Array.from(others, (pk): Write => ({ kind: 'delete', key: keys.listedKey(pk, id) })),
    ...countWrites(id, before?.status, pet?.status),
  ]);
  return done;
}

/** Returns the list partitions that contain a copy of a pet. */
function listsOf({ tags = [], status }: Partial<Pet> = {}): Set<string> {
  const names = tags.flatMap(({ name }) => name ?? []);
  return new Set([...names.map(keys.tagPartition), ...(status ? [keys.statusPartition(status)] : [])]);
}

function countWrites(id: number, before: Status | undefined, after: Status | undefined): Write[] {
  if (before === after) return [];
  const change = (status: Status) => Number(after === status) - Number(before === status);
  const values = { ':available': change('available'), ':pending': change('pending'), ':sold': change('sold') };
  const expression = 'ADD #available :available, #pending :pending, #sold :sold';
  return [{ kind: 'update', key: keys.shardKey(id), expression, values }];
}

export async function countPets(): Promise<Inventory> {
  const shards = await readPrefix(keys.inventoryPartition, '', Inventory);
  const total = (status: Status) => shards.reduce((sum, shard) => sum + shard[status], 0);
  return { available: total('available'), pending: total('pending'), sold: total('sold') };
}

/**
 * Finds the pets in any of these lists, without duplicates. It stops at the limit of a response.
 */
export function findPets(lists: string[]): Promise<Pet[]> {
  return takeUntilLimit(readLists(lists, keys.petPrefix, Pet));
}

/**
 * Stores a photo of a pet, and returns its URL.
 * @throws notFound, or a field error at the maximum number of photos
 */
export async function addPhoto(id: number, image: CleanImage): Promise<string> {
  await find(keys.petKey(id), Pet);
  const url = toImageUrl(id, await storeImage(id, image)) ?? '';
  await changePet(id, (pet) => {
    if (pet.photoUrls.length >= mostPhotos) failFields({ attr: 'photoUrls', code: 'max_value', max: mostPhotos });
    return { ...pet, photoUrls: [...pet.photoUrls, url] };
  }).catch(async (error) => {
    // The change may have succeeded despite the error.
    const [pet] = await readAll([{ key: keys.petKey(id), as: Pet }]);
    if (!pet?.photoUrls.includes(url)) await deleteImageBestEffort(id, url);
    throw error;
  });
  return url;
}
