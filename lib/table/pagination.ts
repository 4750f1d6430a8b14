import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { fail } from '../errors.ts';
import { readRange } from './table.ts';

export interface Page<T> {
  items: T[];
  next: string | null;
  previous: string | null;
}

interface List<T> {
  pk: string;
  /** Prefix of the sort keys. The newest item has the highest sort key. */
  prefix: string;
  /** Lowest sort key of the list. Items below it have been deleted, but may still be stored. */
  from?: string;
  keyOf: (item: T) => string;
}

/**
 * Reads one page of a list, newest first, in one query. A cursor holds a sort key, so it stays
 * valid after the item at that key has been deleted.
 * @throws notFound for a cursor of another list
 */
export async function readPage<S extends z.ZodType>(
  list: List<z.output<S>>,
  { cursor, size }: { cursor: string | undefined; size: number },
  as: S,
): Promise<Page<z.output<S>>> {
  const { pk, prefix, from: lowest = prefix, keyOf } = list;
  const position = cursor === undefined ? undefined : decode(cursor, list);
  const towardsNewer = position?.side === 'newer';
  const from = towardsNewer && position.key > lowest ? position.key : lowest;
  const to = position && !towardsNewer ? position.key : `${prefix}\uffff`;
  if (from > to) return { items: [], next: null, previous: null };
  const found = await readRange(pk, { from, to, descending: !towardsNewer, limit: size + (position ? 2 : 1) }, as);
  if (found[0] && keyOf(found[0]) === position?.key) found.shift();
  const hasMore = found.length > size;
  const items = towardsNewer ? found.slice(0, size).reverse() : found.slice(0, size);
  const at = (side: Cursor['side'], item: z.output<S> | undefined) =>
    item ? encode({ side, key: keyOf(item) }, list) : null;
  return {
    items,
    next: (towardsNewer ? position : hasMore) ? at('older', items.at(-1)) : null,
    previous: (towardsNewer ? hasMore : position) ? at('newer', items[0]) : null,
  };
}

interface Cursor {
  side: 'older' | 'newer';
  key: string;
}

/**
 * Encodes a cursor with a checksum, which rejects cursors of other lists and damaged ones. The
 * checksum is no secret: a forged cursor only shows what the customer may see anyway.
 */
function encode({ side, key }: Cursor, { pk, prefix }: Pick<List<unknown>, 'pk' | 'prefix'>): string {
  const place = key.slice(prefix.length);
  const sum = createHash('sha256').update(`${pk} ${prefix} ${side} ${place}`).digest('hex').slice(0, 8);
  return Buffer.from(`${side}/${sum}/${place}`).toString('base64url');
}

/** Decodes a cursor, then encodes it to compare: base64url decoding skips bad characters. */
function decode(cursor: string, list: Pick<List<unknown>, 'pk' | 'prefix'>): Cursor {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, side, place] = /^(older|newer)\/[0-9a-f]{8}\/([\w-]{1,64})$/.exec(text) ?? [];
  if (!side || !place) return fail('notFound');
  const decoded: Cursor = { side: side as Cursor['side'], key: `${list.prefix}${place}` };
  return encode(decoded, list) === cursor ? decoded : fail('notFound');
}

/** Encodes an opaque cursor for the items after a sort key. */
export function makeCursor(pk: string, sk: string): string {
  const sum = createHash('sha256').update(`${pk} ${sk}`).digest('hex').slice(0, 8);
  return Buffer.from(`${sum}/${sk}`).toString('base64url');
}

const mostSortKeyBytes = 1_024;

/** @throws notFound for a cursor of another partition */
export function readSortKey(pk: string, cursor: string): string {
  const sk = Buffer.from(cursor, 'base64url').toString().slice(9);
  // DynamoDB rejects other keys. The checksum is no secret, so a client can make up a cursor.
  const isSortKey = sk.length > 0 && Buffer.byteLength(sk) <= mostSortKeyBytes;
  return isSortKey && makeCursor(pk, sk) === cursor ? sk : fail('notFound');
}
