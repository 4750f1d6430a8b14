import * as z from 'zod';
import type { Write } from '../table/expressions.ts';
import { unprovenPhoneKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';

/**
 * Who signed up with a phone that nobody has proven: the first of all and the last. Neither keeps the other from logging in with it; those
 * between them log in with their e-mail address beside it, also when both have left.
 */
export const UnverifiedPhone = z.object({ first: z.int(), last: z.int() });

/** The write that makes a customer the last to have signed up with a phone. */
export function addSignUpWrite(phone: string, customerId: number): Write {
  return {
    kind: 'update',
    key: unprovenPhoneKey(phone),
    expression: 'SET #first = if_not_exists(#first, :id), #last = :id',
    values: { ':id': customerId },
  };
}

/** The writes that take a customer away from a phone; none where nothing leads to them from there. */
export async function removeSignUpWrites(phone: string, customerId: number): Promise<Write[]> {
  const key = unprovenPhoneKey(phone);
  const [seen] = phone ? await readAll([{ key, as: UnverifiedPhone }]) : [];
  if (seen?.first !== customerId && seen?.last !== customerId) return [];
  const condition = '#first = :first AND #last = :last';
  const values = { ':first': seen.first, ':last': seen.last };
  const other = [seen.first, seen.last].find((id) => id !== customerId);
  if (other === undefined) return [{ kind: 'delete', key, condition, values }];
  const item = { first: other, last: other } satisfies z.input<typeof UnverifiedPhone>;
  return [{ kind: 'put', key, item, condition, values }];
}
