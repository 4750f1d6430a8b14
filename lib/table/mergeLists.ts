import * as z from 'zod';
import { readEach } from './table.ts';

const Listed = z.looseObject({ sk: z.string() });

/**
 * Yields the items of several partitions whose sort keys start with a prefix. An item with the same
 * sort key in two partitions comes once.
 */
export async function* readLists<S extends z.ZodType>(
  partitions: Iterable<string>,
  prefix: string,
  as: S,
): AsyncGenerator<z.output<S>> {
  const found = new Set<string>();
  for (const pk of new Set(partitions)) {
    for await (const item of readEach(pk, { from: prefix, to: `${prefix}\uffff` }, Listed)) {
      if (!found.has(item.sk)) yield as.parse(item);
      found.add(item.sk);
    }
  }
}
