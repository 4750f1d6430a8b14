import type * as z from 'zod';
import { fail } from '../errors.ts';
import { readRange } from './table.ts';

/** What every item of a paged list has. */
export interface Paged {
  id: number;
}

export interface Page<T> {
  items: T[];
  /** Cursors of the pages beside this one. */
  next: string | null;
  previous: string | null;
}

interface List<T extends Paged> {
  pk: string;
  /** How the sort keys of the list begin; the newest item has the highest one. */
  prefix: string;
  /** The sort key of an item. */
  keyOf: (item: T) => string;
}

/**
 * One page of a list, the newest first, by one read whatever the length of the list. A cursor names the item next to the page,
 * by its key and its id: one of another list, or one that somebody has changed, names no item of this one.
 * @throws notFound for a cursor that is not of this list
 */
export async function readPage<S extends z.ZodType<Paged>>(
  { pk, prefix, keyOf }: List<z.output<S>>,
  { cursor, size }: { cursor: string | undefined; size: number },
  as: S,
): Promise<Page<z.output<S>>> {
  const beside = cursor === undefined ? undefined : decode(cursor, prefix);
  const newer = beside?.side === 'newer';
  const range = {
    from: newer ? beside.key : prefix,
    to: beside && !newer ? beside.key : `${prefix}\uffff`,
    descending: !newer,
    limit: size + (beside ? 2 : 1),
  };
  const found = await readRange(pk, range, as);
  if (beside) {
    const named = found.shift();
    if (!named || named.id !== beside.id || keyOf(named) !== beside.key) return fail('notFound');
  }
  const more = found.length > size;
  const items = newer ? found.slice(0, size).reverse() : found.slice(0, size);
  const at = (side: Cursor['side'], item: z.output<S> | undefined) =>
    item ? encode({ side, id: item.id, key: keyOf(item) }, prefix) : null;
  return {
    items,
    next: (newer ? beside : more) ? at('older', items.at(-1)) : null,
    previous: (newer ? more : beside) ? at('newer', items[0]) : null,
  };
}

interface Cursor {
  side: 'older' | 'newer';
  id: number;
  key: string;
}

function encode({ side, id, key }: Cursor, prefix: string): string {
  return Buffer.from(`${side}/${id}/${key.slice(prefix.length)}`).toString('base64url');
}

/** Takes only what {@link encode} writes: decoding would skip characters that do not belong there. */
function decode(cursor: string, prefix: string): Cursor {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, side, id, key] = /^(older|newer)\/(\d{1,16})\/([\w-]{1,64})$/.exec(text) ?? [];
  if (!side || !id || !key) return fail('notFound');
  const decoded: Cursor = { side: side as Cursor['side'], id: Number(id), key: `${prefix}${key}` };
  return encode(decoded, prefix) === cursor ? decoded : fail('notFound');
}
