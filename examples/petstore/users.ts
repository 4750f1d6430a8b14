import pMap from 'p-map';
import * as z from 'zod';
import { fail, failFields } from '../../lib/errors.ts';
import { hashPassword } from '../../lib/passwords/passwordHash.ts';
import { setExpression, type Write } from '../../lib/table/expressions.ts';
import { newId } from '../../lib/table/ids.ts';
import { transact, write } from '../../lib/table/table.ts';
import { userKey } from './keys.ts';
import { type NewUser, User, type UserChanges, UserDetails } from './schemas.ts';

/** Each password sets a new `accessId`. A session is valid only while it has the same one. */
export const Account = User.extend({ accessId: z.int(), passwordHash: z.string().optional() });

/** The user to change. The change fails if `accessId` is given but no longer current. */
export type Target = { username: string; accessId: number | undefined };

/**
 * Adds one user, or a list of users in one transaction.
 * @throws field errors if user names are already in use
 */
export async function addUsers(input: NewUser | NewUser[]): Promise<void> {
  const withAccess = async ({ password, ...user }: NewUser) => ({ ...user, ...(await accessBy(password)) });
  // Hashing takes a whole processor and much memory, so it runs once at a time.
  const accounts = await pMap([input].flat(), withAccess, { concurrency: 1 });
  if (accounts.length === 0) return;
  const condition = 'attribute_not_exists(pk)';
  const result = await transact(
    accounts.map((item): Write => ({ kind: 'put', key: userKey(item.username), item, condition })),
  );
  if (result.done) return;
  const attrOf = (index: number) => (Array.isArray(input) ? `${index}.username` : 'username');
  failFields(...result.rejected.flatMap((one, index) => (one ? { attr: attrOf(index), code: 'unique' as const } : [])));
}

async function accessBy(password: string | undefined) {
  return { accessId: newId(), passwordHash: password && (await hashPassword(password)) };
}

/**
 * Replaces the details of a user. The id and the password stay unless they are given.
 * @throws notFound, or a field error for another name
 */
export async function replaceUser(target: Target, changes: z.infer<typeof UserChanges>): Promise<string> {
  const { password, id, username = target.username, ...details } = changes;
  if (username !== target.username) failFields({ attr: 'username', code: 'invalid' });
  const access = password === undefined ? {} : await accessBy(password);
  const { expression, values } = setExpression({ ...details, username, ...(id && { id }), ...access });
  const missing = UserDetails.keyof().options.filter((name) => !(name in details));
  const removal = missing.length > 0 ? ` REMOVE ${missing.map((name) => `#${name}`).join(', ')}` : '';
  return writeUser(target, { kind: 'update', expression: `${expression}${removal}`, values });
}

/** @throws notFound */
export function deleteUser(target: Target): Promise<string> {
  return writeUser(target, { kind: 'delete' });
}

type Change = Omit<Write & { kind: 'delete' }, 'key'> | Omit<Write & { kind: 'update' }, 'key'>;
async function writeUser({ username, accessId }: Target, change: Change): Promise<string> {
  const condition = `attribute_exists(pk)${accessId === undefined ? '' : ' AND #accessId = :shown'}`;
  const values = { ...change.values, ':shown': accessId };
  const { done, old } = await write({ ...change, key: userKey(username), condition, values });
  return done ? username : fail(old ? 'tokenNotValid' : 'notFound');
}
