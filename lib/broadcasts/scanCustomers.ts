import { Customer } from '../customers/customerRepository.ts';
import type { Language } from '../languages.ts';
import { logger } from '../logger.ts';
import { scanPage } from '../table/batch.ts';
import type { Item } from '../table/expressions.ts';
import { type Key, profileKey, readCustomerId } from '../table/keys.ts';

const itemsPerStep = 1_000;

/**
 * Returns customers by country and language, from one part of a segment of the table. The caller
 * continues after `next` to read the whole segment.
 */
export async function scanCustomers(
  { countryCode, language }: { countryCode?: string | undefined; language?: Language | undefined },
  { segment, of, after }: { segment: number; of: number; after: Key | undefined },
): Promise<{ customers: Customer[]; next: Key | undefined }> {
  const values = { ':sk': profileKey(0).sk, ':country': countryCode, ':language': language };
  const conditions = [
    'sk = :sk',
    ...(countryCode ? ['countryCode = :country'] : []),
    ...(language ? ['#language = :language'] : []),
  ];
  const scan = {
    Limit: itemsPerStep,
    Segment: segment,
    TotalSegments: of,
    FilterExpression: conditions.join(' AND '),
    ...(language && { ExpressionAttributeNames: { '#language': 'language' } }),
    ExpressionAttributeValues: values,
  };
  const { items, next } = await scanPage(scan, after);
  return { customers: items.flatMap(parseCustomer), next };
}

/**
 * Parses a customer, or returns none if the item is broken, so that the other customers still get
 * their notification.
 */
function parseCustomer(item: Item): Customer[] {
  const { data, error } = Customer.safeParse(item);
  if (error) logger.error('customer_unreadable', { customer_id: readCustomerId(String(item.pk)) });
  return data ? [data] : [];
}
