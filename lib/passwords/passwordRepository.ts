import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import type { Write } from '../table/expressions.ts';
import { passwordKey } from '../table/keys.ts';

/** A customer's password, stored as an argon2id hash in PHC format. */
export const Password = z.object({ hash: z.string(), changedAtSeconds: z.int() });
export type Password = z.infer<typeof Password>;

export function setPasswordWrite(customerId: number, hash: string): Write {
  const item = { hash, changedAtSeconds: nowSeconds() } satisfies Password;
  return { kind: 'put', key: passwordKey(customerId), item };
}

/** Sets a password. The write fails if the customer has one. */
export function setFirstPasswordWrite(customerId: number, hash: string): Write {
  return { ...setPasswordWrite(customerId, hash), condition: 'attribute_not_exists(pk)' };
}

/**
 * Checks that the password is still the one that was compared. If a new hash is given, the write
 * replaces the old hash.
 */
export function confirmPasswordWrite(customerId: number, compared: Password, hashedAnew: string | undefined): Write {
  const key = passwordKey(customerId);
  const unchanged = { condition: '#hash = :compared', values: { ':compared': compared.hash } };
  if (hashedAnew === undefined) return { kind: 'check', key, ...unchanged };
  return { kind: 'put', key, item: { ...compared, hash: hashedAnew }, ...unchanged };
}
