import type * as z from 'zod';
import { fail, failFields } from '../errors.ts';
import type { Item } from './expressions.ts';
import type { Key } from './keys.ts';
import { readAll, write } from './table.ts';

/** @throws notFound */
export async function find<S extends z.ZodType>(key: Key, as: S): Promise<z.output<S>> {
  const [item] = await readAll([{ key, as }]);
  return item ?? fail('notFound');
}

/** Creates one item. @throws `unique` for its id */
export async function add<T extends Item>(key: Key, item: T): Promise<T> {
  const { done } = await write({ kind: 'put', key, item, condition: 'attribute_not_exists(pk)' });
  return done ? item : failFields({ attr: 'id', code: 'unique' });
}

/** @throws notFound */
export async function remove(key: Key): Promise<void> {
  const { done } = await write({ kind: 'delete', key, condition: 'attribute_exists(pk)' });
  if (!done) fail('notFound');
}
