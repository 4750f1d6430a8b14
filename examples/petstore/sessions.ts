import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { nowSeconds } from '../../lib/clock.ts';
import { fail } from '../../lib/errors.ts';
import type { Authenticator } from '../../lib/http/contract.ts';
import { countAttempt } from '../../lib/passwords/loginFailures.ts';
import { matchesHash } from '../../lib/passwords/passwordHash.ts';
import { toClientNetwork } from '../../lib/rateLimits/clientNetwork.ts';
import { limitInBucket } from '../../lib/rateLimits/rateLimits.ts';
import type { Key } from '../../lib/table/keys.ts';
import { readAll, transact } from '../../lib/table/table.ts';
import { callsKey, sessionKey, userKey } from './keys.ts';
import type { Credentials } from './schemas.ts';
import { settings } from './settings.ts';
import { Account, type Target } from './users.ts';

/** The lifetime of a session, and the rate limit of a user. */
const sessionSeconds = 3_600;
export const callsPerHour = 5_000;

const Session = z.object({ accessId: z.int(), expiresAtSeconds: z.int() });
/** `<user name in base64url>.<secret>`. */
const bearer = /^Bearer +([\w-]{1,400})\.([\w-]{43}) *$/i;

type SignedIn = { username: string; accessId: number; session: Key };
/** The caller: a user with a session. Without a user, the caller has the API key or needs none. */
type Caller = { user?: SignedIn };

/**
 * Creates a session.
 * @throws wrongCredentials, throttled
 */
export async function logIn({ username, password }: Credentials, clientIp: string) {
  const now = nowSeconds();
  const attempt = await countAttempt(username, toClientNetwork(clientIp), now);
  if (!attempt.done) return fail('throttled', { retryAfterSeconds: attempt.waitSeconds });
  const [account] = await readAll([{ key: userKey(username), as: Account }]);
  if (!(await matchesHash(password, account?.passwordHash)) || !account) return fail('wrongCredentials');
  const secret = randomBytes(32).toString('base64url');
  const expiresAtSeconds = now + sessionSeconds;
  const item = { accessId: account.accessId, expiresAtSeconds };
  await transact([{ kind: 'put', key: sessionKey(username, secret), item }, attempt.resetFailures]);
  return { token: `${Buffer.from(username).toString('base64url')}.${secret}`, expiresAtSeconds };
}

/** Authenticates a user by the token of their session, or a caller by the API key. */
export const caller: Authenticator<Caller> = async (headers) => {
  if (headers.authorization !== undefined) return { user: await userOf(headers.authorization) };
  return headers.api_key === undefined && settings.isOpen() ? {} : keyHolder(headers);
};

export const keyHolder: Authenticator<Caller> = ({ api_key }) => {
  if (api_key === undefined) return fail('notAuthenticated');
  const [hash, expectedHash] = [
    createHash('sha256').update(api_key).digest(),
    Buffer.from(settings.apiKeySha256(), 'hex'),
  ];
  return expectedHash.length === hash.length && timingSafeEqual(hash, expectedHash) ? {} : fail('authenticationFailed');
};

/**
 * Returns the user that a caller may change. Users may only change themselves.
 * @throws permissionDenied
 */
export function self(user: SignedIn | undefined, username: string): Target {
  return user && user.username !== username ? fail('permissionDenied') : { username, accessId: user?.accessId };
}

async function userOf(authorization: string): Promise<SignedIn> {
  const [, name, secret] = bearer.exec(authorization) ?? [];
  if (!name || !secret) return fail('authenticationFailed');
  const username = Buffer.from(name, 'base64url').toString();
  const session = sessionKey(username, secret);
  const [account, found] = await readAll([
    { key: userKey(username), as: Account },
    { key: session, as: Session },
  ]);
  if (!found || found.accessId !== account?.accessId) return fail('tokenNotValid');
  await limitInBucket(callsKey(username), callsPerHour);
  return { username, accessId: found.accessId, session };
}
