import pMap from 'p-map';
import * as z from 'zod';
import { fail, failFields } from '../../lib/errors.ts';
import { hashPassword } from '../../lib/passwords/passwordHash.ts';
import { setExpression, type Write } from '../../lib/table/expressions.ts';
import { newId } from '../../lib/table/ids.ts';
import { transact, write } from '../../lib/table/table.ts';
import { userKey } from './keys.ts';
import { type NewUser, User, type UserChanges, UserDetails } from './schemas.ts';

/** `accessId` is another one with each password: a session holds while it has the same. */
export const Account = User.extend({ accessId: z.int(), passwordHash: z.string().optional() });

/** Who is to be changed, while they have the access that was shown, where one was. */
export type Target = { username: string; accessId: number | undefined };

/** Adds one, or all of a list or none. @throws bad fields where user names are taken */
export async function addUsers(given: NewUser | NewUser[]): Promise<void> {
  const withAccess = async ({ password, ...user }: NewUser) => ({ ...user, ...(await accessBy(password)) });
  // A hash takes a processor for itself, and much of the memory.
  const accounts = await pMap([given].flat(), withAccess, { concurrency: 1 });
  if (accounts.length === 0) return;
  const condition = 'attribute_not_exists(pk)';
  const result = await transact(
    accounts.map((item): Write => ({ kind: 'put', key: userKey(item.username), item, condition })),
  );
  if (result.done) return;
  const attrOf = (index: number) => (Array.isArray(given) ? `${index}.username` : 'username');
  failFields(...result.refused.flatMap((one, index) => (one ? { attr: attrOf(index), code: 'unique' as const } : [])));
}

async function accessBy(password: string | undefined) {
  return { accessId: newId(), passwordHash: password && (await hashPassword(password)) };
}

/** Replaces the details of a user; id and password stay unless they are given. @throws notFound, or a bad field for another name */
export async function replaceUser(target: Target, changes: z.infer<typeof UserChanges>): Promise<string> {
  const { password, id, username = target.username, ...given } = changes;
  if (username !== target.username) failFields({ attr: 'username', code: 'invalid' });
  const access = password === undefined ? {} : await accessBy(password);
  const { expression, values } = setExpression({ ...given, username, ...(id && { id }), ...access });
  const left = UserDetails.keyof().options.filter((name) => !(name in given));
  const removal = left.length > 0 ? ` REMOVE ${left.map((name) => `#${name}`).join(', ')}` : '';
  return changed(target, { kind: 'update', expression: `${expression}${removal}`, values });
}

/** @throws notFound */
export function deleteUser(target: Target): Promise<string> {
  return changed(target, { kind: 'delete' });
}

type Change = Omit<Write & { kind: 'delete' }, 'key'> | Omit<Write & { kind: 'update' }, 'key'>;
async function changed({ username, accessId }: Target, change: Change): Promise<string> {
  const condition = `attribute_exists(pk)${accessId === undefined ? '' : ' AND #accessId = :shown'}`;
  const values = { ...change.values, ':shown': accessId };
  const { done, old } = await write({ ...change, key: userKey(username), condition, values });
  return done ? username : fail(old ? 'tokenNotValid' : 'notFound');
}
