import * as z from 'zod';
import type { Write } from '../table/expressions.ts';
import { unverifiedPhoneKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';

/**
 * The first and the last customer who signed up with a phone that is not verified. Both can log in
 * with it. Other customers who signed up with it must send their e-mail address as well, even after
 * the first and the last were deleted.
 */
export const UnverifiedPhone = z.object({ first: z.int(), last: z.int() });

/** Makes a customer the last one who signed up with a phone. */
export function addSignUpWrite(phone: string, customerId: number): Write {
  return {
    kind: 'update',
    key: unverifiedPhoneKey(phone),
    expression: 'SET #first = if_not_exists(#first, :id), #last = :id',
    values: { ':id': customerId },
  };
}

/**
 * Removes a customer from the sign-ups with a phone. Returns no writes if they are neither the
 * first nor the last.
 */
export async function removeSignUpWrites(phone: string, customerId: number): Promise<Write[]> {
  const key = unverifiedPhoneKey(phone);
  const [stored] = phone ? await readAll([{ key, as: UnverifiedPhone }]) : [];
  if (stored?.first !== customerId && stored?.last !== customerId) return [];
  const condition = '#first = :first AND #last = :last';
  const values = { ':first': stored.first, ':last': stored.last };
  const other = [stored.first, stored.last].find((id) => id !== customerId);
  if (other === undefined) return [{ kind: 'delete', key, condition, values }];
  const item = { first: other, last: other } satisfies z.input<typeof UnverifiedPhone>;
  return [{ kind: 'put', key, item, condition, values }];
}
