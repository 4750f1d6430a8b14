import pMap from 'p-map';
import * as z from 'zod';
import { hashPassword } from '../../lib/auth/passwords.ts';
import { fail, failFields } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { transact, write } from '../../lib/repositories/table.ts';
import { setting, type Write } from '../../lib/repositories/writes.ts';
import { userKey } from './keys.ts';
import { type NewUser, User, type UserChanges, UserDetails } from './schemas.ts';

/** `accessId` is another one with each password: a session holds while it has the same. */
export const Account = User.extend({ accessId: z.int(), passwordHash: z.string().optional() });

/** Adds all of them or none. @throws bad fields where user names are taken */
export async function addUsers(given: NewUser[], attrOf: (index: number) => string): Promise<void> {
  // A hash takes a processor for itself, and much of the memory.
  const withAccess = async ({ password, ...user }: NewUser) => ({ ...user, ...(await accessBy(password)) });
  const accounts = await pMap(given, withAccess, { concurrency: 1 });
  if (accounts.length === 0) return;
  const condition = 'attribute_not_exists(pk)';
  const result = await transact(
    accounts.map((item): Write => ({ kind: 'put', key: userKey(item.username), item, condition })),
  );
  if (result.done) return;
  const taken = result.refused.flatMap((refusal, index) => (refusal ? [attrOf(index)] : []));
  failFields(...taken.map((attr) => ({ attr, code: 'unique' as const })));
}

async function accessBy(password: string | undefined) {
  return { accessId: newId(), passwordHash: password && (await hashPassword(password)) };
}

/** Replaces the details of a user; id and password stay unless they are given. @throws notFound, or a bad field for another name */
export async function replaceUser(username: string, changes: z.infer<typeof UserChanges>): Promise<void> {
  const { password, id, ...given } = changes;
  if (given.username !== undefined && given.username !== username) failFields({ attr: 'username', code: 'invalid' });
  const access = password === undefined ? {} : await accessBy(password);
  const { expression, values } = setting({ ...given, username, ...(id && { id }), ...access });
  const left = UserDetails.keyof().options.filter((name) => !(name in given));
  const removal = left.length > 0 ? ` REMOVE ${left.map((name) => `#${name}`).join(', ')}` : '';
  const change = { expression: `${expression}${removal}`, values, condition: 'attribute_exists(pk)' };
  const { done } = await write({ kind: 'update', key: userKey(username), ...change });
  if (!done) fail('notFound');
}
