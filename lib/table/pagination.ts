import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { fail } from '../errors.ts';
import { readRange } from './table.ts';

export interface Page<T> {
  items: T[];
  /** Cursors of the pages beside this one. */
  next: string | null;
  previous: string | null;
}

interface List<T> {
  pk: string;
  /** How the sort keys of the list begin; the newest item has the highest one. */
  prefix: string;
  /** What has a lower sort key than this does not belong to the list any more. */
  from?: string;
  /** The sort key of an item. */
  keyOf: (item: T) => string;
}

/**
 * One page of a list, the newest first, by one read whatever the length of the list. A cursor says
 * beside which place the page is, so it leads on when what was there has been deleted meanwhile.
 * @throws notFound for a cursor that is not of this list
 */
export async function readPage<S extends z.ZodType>(
  list: List<z.output<S>>,
  { cursor, size }: { cursor: string | undefined; size: number },
  as: S,
): Promise<Page<z.output<S>>> {
  const { pk, prefix, from: lowest = prefix, keyOf } = list;
  const beside = cursor === undefined ? undefined : decode(cursor, list);
  const newer = beside?.side === 'newer';
  const from = newer && beside.key > lowest ? beside.key : lowest;
  const to = beside && !newer ? beside.key : `${prefix}\uffff`;
  if (from > to) return { items: [], next: null, previous: null };
  const found = await readRange(pk, { from, to, descending: !newer, limit: size + (beside ? 2 : 1) }, as);
  if (found[0] && keyOf(found[0]) === beside?.key) found.shift();
  const more = found.length > size;
  const items = newer ? found.slice(0, size).reverse() : found.slice(0, size);
  const at = (side: Cursor['side'], item: z.output<S> | undefined) =>
    item ? encode({ side, key: keyOf(item) }, list) : null;
  return {
    items,
    next: (newer ? beside : more) ? at('older', items.at(-1)) : null,
    previous: (newer ? more : beside) ? at('newer', items[0]) : null,
  };
}

interface Cursor {
  side: 'older' | 'newer';
  key: string;
}

/**
 * The sum tells a cursor of another list, and one that was damaged. It is no secret: a forged one
 * shows what its owner may see.
 */
function encode({ side, key }: Cursor, { pk, prefix }: Pick<List<unknown>, 'pk' | 'prefix'>): string {
  const place = key.slice(prefix.length);
  const sum = createHash('sha256').update(`${pk} ${prefix} ${side} ${place}`).digest('hex').slice(0, 8);
  return Buffer.from(`${side}/${sum}/${place}`).toString('base64url');
}

/**
 * Takes only what {@link encode} writes: decoding would skip characters that do not belong there.
 */
function decode(cursor: string, list: Pick<List<unknown>, 'pk' | 'prefix'>): Cursor {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, side, place] = /^(older|newer)\/[0-9a-f]{8}\/([\w-]{1,64})$/.exec(text) ?? [];
  if (!side || !place) return fail('notFound');
  const decoded: Cursor = { side: side as Cursor['side'], key: `${list.prefix}${place}` };
  return encode(decoded, list) === cursor ? decoded : fail('notFound');
}

/** An opaque cursor for what comes behind a sort key of a partition. */
export function makeCursor(pk: string, sk: string): string {
  const sum = createHash('sha256').update(`${pk} ${sk}`).digest('hex').slice(0, 8);
  return Buffer.from(`${sum}/${sk}`).toString('base64url');
}

/** @throws notFound for a cursor that is not of this partition */
export function readSortKey(pk: string, cursor: string): string {
  const sk = Buffer.from(cursor, 'base64url').toString().slice(9);
  return makeCursor(pk, sk) === cursor ? sk : fail('notFound');
}
