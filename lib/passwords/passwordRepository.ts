import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import type { Write } from '../table/expressions.ts';
import { passwordKey } from '../table/keys.ts';

/** A customer's password as it rests: an argon2id hash in PHC format. */
export const Password = z.object({ hash: z.string(), changedAtSeconds: z.int() });
export type Password = z.infer<typeof Password>;

/** The write that sets a password, whatever it was. */
export function setPasswordWrite(customerId: number, hash: string): Write {
  const item = { hash, changedAtSeconds: nowSeconds() } satisfies Password;
  return { kind: 'put', key: passwordKey(customerId), item };
}

/** The write that sets a password where there is none. */
export function setFirstPasswordWrite(customerId: number, hash: string): Write {
  return { ...setPasswordWrite(customerId, hash), condition: 'attribute_not_exists(pk)' };
}

/** The write that is refused if the password is not the one that was compared, and hashes it anew where that is given. */
export function confirmPasswordWrite(customerId: number, compared: Password, hashedAnew: string | undefined): Write {
  const key = passwordKey(customerId);
  const unchanged = { condition: '#hash = :compared', values: { ':compared': compared.hash } };
  if (hashedAnew === undefined) return { kind: 'check', key, ...unchanged };
  return { kind: 'put', key, item: { ...compared, hash: hashedAnew }, ...unchanged };
}
