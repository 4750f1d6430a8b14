import * as z from 'zod';
import { hourSeconds, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { setExpression, type Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { customerPartition, sessionKey, sessionPrefix } from '../table/keys.ts';
import { readPrefix, write } from '../table/table.ts';

/**
 * A used refresh token: its id, which is no credential, and the time when it or its successor was
 * first used.
 */
const UsedToken = z.object({ id: z.string(), atSeconds: z.int() });

/** A signed-in device. A deleted or expired session rejects its tokens on the next request. */
export const Session = z.object({
  id: z.int(),
  customerId: z.int(),
  /** The generation of the session: the number of the customer's sign-in that created it. */
  signIn: z.int().default(0),
  /** The push token of the device that signed in. It is empty if the device has none. */
  registrationId: z.string(),
  /** Whether the account did not know the device. A worker then notifies the other devices. */
  isNewDevice: z.boolean().default(false),
  createdAtSeconds: z.int(),
  /** When the owner last reauthenticated. Null until then. */
  provenAtSeconds: z.int().nullable().default(null),
  lastUsedAtSeconds: z.int(),
  /**
   * The last used refresh token comes first, followed by those whose grace time had not ended then.
   */
  usedTokens: z.tuple([UsedToken], UsedToken),
  /**
   * Counts the cycles in which two successors of one token were used. A cycle goes from one first
   * use of a refresh token to the next. A clean cycle resets the count.
   */
  sharedCycles: z.int().default(0),
  /**
   * `counted`: the current cycle has two holders. `suspected`: it began with a branch, or followed
   * a short shared cycle.
   */
  sharing: z.enum(['none', 'suspected', 'counted']).default('none'),
  expiresAtSeconds: z.int(),
});
export type Session = z.infer<typeof Session>;

/** The made-up predecessor of a session's first refresh token. */
const beforeFirstToken = 'sign-in';

/** Returns whether no refresh token of the session has been used yet. */
export function isUnused({ usedTokens: [last] }: Pick<Session, 'usedTokens'>): boolean {
  return last.id === beforeFirstToken;
}

export interface Origin {
  signIn: number;
  registrationId: string;
  isNewDevice?: boolean;
}

/**
 * Returns a new session. Its first refresh token follows a made-up one, so that every token has a
 * parent.
 */
export function makeSession(customerId: number, { signIn, registrationId, isNewDevice = false }: Origin): Session {
  const now = nowSeconds();
  return {
    id: newId(),
    customerId,
    signIn,
    registrationId,
    isNewDevice,
    createdAtSeconds: now,
    provenAtSeconds: null,
    lastUsedAtSeconds: now,
    usedTokens: [{ id: beforeFirstToken, atSeconds: now }],
    sharedCycles: 0,
    sharing: 'none',
    expiresAtSeconds: expiry(now, now),
  };
}

export function createSessionWrite(session: Session): Write {
  return {
    kind: 'put',
    key: sessionKey(session.customerId, session.id),
    item: session,
    condition: 'attribute_not_exists(pk)',
  };
}

/**
 * Uses a refresh token, if it is a successor of the last used one. A branch is a token that was
 * issued for another one than the last used.
 * @returns the updated session, or undefined if another request was faster or the session has been
 * revoked
 */
export async function useRefreshToken(
  session: Session,
  { tokenId, isBranch }: { tokenId: string; isBranch: boolean },
): Promise<Session | undefined> {
  const now = nowSeconds();
  const [last, ...older] = session.usedTokens;
  // Within the grace time the other holder may still come, so a shorter cycle shows nothing.
  const isLong = now - last.atSeconds >= config.refreshGraceSeconds;
  const isClean = isLong && session.sharing === 'none';
  const isSuspected = isBranch || (!isLong && session.sharing !== 'none');
  const inGrace = older.filter((used) => now - used.atSeconds < config.refreshGraceSeconds);
  const changes = {
    // A client may have repeated its request with the last token until now, so its grace time
    // begins now.
    usedTokens: [
      { id: tokenId, atSeconds: now },
      { ...last, atSeconds: now },
      ...inGrace.slice(0, mostInGrace),
    ] as Session['usedTokens'],
    sharedCycles: isClean ? 0 : session.sharedCycles,
    sharing: isSuspected ? ('suspected' as const) : ('none' as const),
    lastUsedAtSeconds: now,
    expiresAtSeconds: expiry(session.createdAtSeconds, now),
  };
  const { expression, values } = setExpression(changes);
  const { done } = await write({
    kind: 'update',
    key: sessionKey(session.customerId, session.id),
    expression,
    condition: '#usedTokens[0].#id = :last',
    values: { ...values, ':last': last.id },
  });
  return done ? { ...session, ...changes } : undefined;
}

/** Counts the cycle as shared, once. Returns false if another request was faster. */
export async function countSharedCycle(session: Session): Promise<boolean> {
  const { expression, values } = setExpression({ sharedCycles: session.sharedCycles + 1, sharing: 'counted' });
  const { done } = await write({
    kind: 'update',
    key: sessionKey(session.customerId, session.id),
    expression,
    condition: '#usedTokens[0].#id = :last AND NOT #sharing = :sharing',
    values: { ...values, ':last': session.usedTokens[0].id },
  });
  return done;
}

/** Only a broken client refreshes more often than this within the grace time. */
const mostInGrace = 20;

/** Returns whether the session survived the last "log out everywhere". */
export function isActive({ signIn }: Session, { endedSignIns }: { endedSignIns: number }): boolean {
  return signIn > endedSignIns;
}

/** Moves a session to another generation, so that it survives {@link revokeAllWrite}. */
export function moveToGenerationWrite({ customerId, id }: Pick<Session, 'customerId' | 'id'>, signIn: number): Write {
  return {
    kind: 'update',
    key: sessionKey(customerId, id),
    expression: 'SET #signIn = :signIn',
    condition: 'attribute_exists(pk)',
    values: { ':signIn': signIn },
  };
}

/**
 * Records that the owner has just shown who they are. The write fails if the session has been
 * revoked.
 */
export function markVerifiedWrite({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write {
  return {
    kind: 'update',
    key: sessionKey(customerId, id),
    expression: 'SET #provenAtSeconds = :now',
    condition: 'attribute_exists(pk)',
    values: { ':now': nowSeconds() },
  };
}

export function checkSessionWrite({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write {
  return { kind: 'check', key: sessionKey(customerId, id), condition: 'attribute_exists(pk)' };
}

export function revokeSessionWrite({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write & { kind: 'delete' } {
  return { kind: 'delete', key: sessionKey(customerId, id) };
}

/** Returns the sessions to evict so that one more fits: the longest idle ones. */
export function chooseEvicted(open: readonly Session[]): Session[] {
  const longestIdleFirst = open.toSorted((a, b) => a.lastUsedAtSeconds - b.lastUsedAtSeconds);
  return longestIdleFirst.slice(0, Math.max(0, open.length + 1 - config.sessionsPerCustomer));
}

/**
 * Returns the time of a session's last use as its customer sees it. For other sessions than the
 * caller's it is rounded to the hour, because a thief who knew the second could refresh just behind
 * the owner.
 */
export function displayLastUseSeconds(
  { id, createdAtSeconds, lastUsedAtSeconds }: Pick<Session, 'id' | 'createdAtSeconds' | 'lastUsedAtSeconds'>,
  callerId: number,
): number {
  if (id === callerId) return lastUsedAtSeconds;
  return Math.max(createdAtSeconds, lastUsedAtSeconds - (lastUsedAtSeconds % hourSeconds));
}

export function listByCustomer(customerId: number): Promise<Session[]> {
  return readPrefix(customerPartition(customerId), sessionPrefix, Session);
}

function expiry(createdAtSeconds: number, now: number): number {
  return Math.min(now + config.sessionIdleSeconds, createdAtSeconds + config.sessionMaxSeconds);
}
