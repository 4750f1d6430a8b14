import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { setExpression, type Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { customerPartition, sessionKey, sessionPrefix } from '../table/keys.ts';
import { readPrefix, write } from '../table/table.ts';

/**
 * A refresh token that has been used: its id, which opens nothing, and when it or its successor was
 * first used.
 */
const UsedToken = z.object({ id: z.string(), atSeconds: z.int() });

/**
 * A signed-in device. It ends by being deleted or by running out; both refuse its tokens on the
 * next request.
 */
export const Session = z.object({
  id: z.int(),
  customerId: z.int(),
  /** Which of the customer's sign-ins it came from. */
  signIn: z.int().default(0),
  /** The push token of the device that signed in. Empty where none was named. */
  registrationId: z.string(),
  createdAtSeconds: z.int(),
  /**
   * When the owner last showed who they are, by a code or a password; null where that was at a
   * login with a password.
   */
  provenAtSeconds: z.int().nullable().default(null),
  lastUsedAtSeconds: z.int(),
  /** The refresh token used last comes first; behind it those whose grace was not over then. */
  usedTokens: z.tuple([UsedToken], UsedToken),
  /**
   * A cycle goes from one first use of a refresh token to the next. Counts the cycles in which two
   * successors of one token were used; a clean cycle resets it.
   */
  sharedCycles: z.int().default(0),
  /** The current cycle shows two holders, or began with a branch, or shows nothing. */
  sharing: z.enum(['none', 'suspected', 'counted']).default('none'),
  expiresAtSeconds: z.int(),
});
export type Session = z.infer<typeof Session>;

/**
 * How a session comes about: by which sign-in of the customer, on which device, and whether by a
 * code.
 */
export interface Origin {
  signIn: number;
  registrationId: string;
  isProven: boolean;
}

/**
 * A new session. Its first refresh token follows a made-up one, so that every token has a parent.
 */
export function makeSession(customerId: number, { signIn, registrationId, isProven }: Origin): Session {
  const now = nowSeconds();
  return {
    id: newId(),
    customerId,
    signIn,
    registrationId,
    createdAtSeconds: now,
    provenAtSeconds: isProven ? now : null,
    lastUsedAtSeconds: now,
    usedTokens: [{ id: 'sign-in', atSeconds: now }],
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
 * Takes the use of a refresh token, if it is the first one after the token that the session knows
 * as used last. Returns the session as it is now, or undefined when another request was faster or
 * the session has ended. A branch is a token that was issued for another one than the last used.
 */
export async function useRefreshToken(
  session: Session,
  { tokenId, isBranch }: { tokenId: string; isBranch: boolean },
): Promise<Session | undefined> {
  const now = nowSeconds();
  const [last, ...older] = session.usedTokens;
  // Within the grace time the other holder may still come, so a shorter cycle proves nothing.
  const isLong = now - last.atSeconds >= config.refreshGraceSeconds;
  const isClean = isLong && session.sharing === 'none';
  const isSuspected = isBranch || (!isLong && session.sharing !== 'none');
  const inGrace = older.filter((used) => now - used.atSeconds < config.refreshGraceSeconds);
  const changes = {
    // A client may have repeated its request with the last token until this moment, so its grace
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

/** Counts the cycle as shared, once. Returns false when another request was faster. */
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

/** A client that refreshes more often than this within the grace time is broken. */
const mostInGrace = 20;

/** Whether a session is one that the customer has not ended with all others. */
export function isActive({ signIn }: Session, { endedSignIns }: { endedSignIns: number }): boolean {
  return signIn > endedSignIns;
}

/** The write that makes a session one of another sign-in. */
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
 * The write that records that the owner has just shown who they are. It is refused if the session
 * has ended.
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

/** The write that holds while a session has not ended. */
export function checkSessionWrite({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write {
  return { kind: 'check', key: sessionKey(customerId, id), condition: 'attribute_exists(pk)' };
}

/** The write that ends a session, if it has not ended already. */
export function revokeSessionWrite({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write & { kind: 'delete' } {
  return { kind: 'delete', key: sessionKey(customerId, id) };
}

/** The sessions that must end so that one more fits: those that have been idle the longest. */
export function chooseEvicted(open: readonly Session[]): Session[] {
  const longestIdleFirst = open.toSorted((a, b) => a.lastUsedAtSeconds - b.lastUsedAtSeconds);
  return longestIdleFirst.slice(0, Math.max(0, open.length + 1 - config.sessionsPerCustomer));
}

/**
 * When a session was last used, as its customer sees it. For other sessions than the caller's it is
 * the hour alone: a thief that knew the second could refresh just behind the owner.
 */
export function displayLastUseSeconds(
  { id, createdAtSeconds, lastUsedAtSeconds }: Pick<Session, 'id' | 'createdAtSeconds' | 'lastUsedAtSeconds'>,
  callerId: number,
): number {
  if (id === callerId) return lastUsedAtSeconds;
  return Math.max(createdAtSeconds, lastUsedAtSeconds - (lastUsedAtSeconds % 3_600));
}

export function listByCustomer(customerId: number): Promise<Session[]> {
  return readPrefix(customerPartition(customerId), sessionPrefix, Session);
}

function expiry(createdAtSeconds: number, now: number): number {
  return Math.min(now + config.sessionIdleSeconds, createdAtSeconds + config.sessionMaxSeconds);
}
