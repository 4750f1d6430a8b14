import * as z from 'zod';
import type { Page } from '../table/pagination.ts';
import { digitsToInteger } from './fields.ts';

export const PageQuery = z.object({
  cursor: z
    .string()
    .nullish()
    .transform((cursor) => cursor || undefined)
    .describe('An opaque value from `next` or `previous`.'),
  page_size: z
    .preprocess(digitsToInteger, z.int().min(1).max(100).default(10))
    .describe('The largest number of entries in a page.'),
});
export type PageQuery = z.output<typeof PageQuery>;

/** Link without validation, because it is built from the URL of the request. */
export const link = z.string().nullable().meta({ format: 'uri' });

export function readPageQuery<S extends z.ZodType>(schema: S) {
  return z.object({
    next: link.describe('The URL of the page with older entries, or null.'),
    previous: link.describe('The URL of the page with newer entries, or null.'),
    results: z.array(schema).describe('The entries of the page, the newest first.'),
  });
}

export function showPage<T, S>(url: string, { page_size }: PageQuery, page: Page<T>, show: (item: T) => S) {
  const link = (cursor: string | null) =>
    cursor && `${url}?${new URLSearchParams({ cursor, page_size: String(page_size) })}`;
  return { next: link(page.next), previous: link(page.previous), results: page.items.map(show) };
}
