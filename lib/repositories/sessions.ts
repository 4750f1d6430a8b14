import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { config } from '../config.ts';
import { newId } from '../ids.ts';
import { customerPartition, sessionKey, sessionPrefix } from './keys.ts';
import { readPrefix, write } from './table.ts';
import type { Write } from './writes.ts';

/** A refresh token that has been used: its id, which opens nothing, and when it or its successor was first used. */
const UsedToken = z.object({ id: z.string(), atSeconds: z.int() });

/** A signed-in device. It ends by being deleted or by running out; both refuse its tokens on the next request. */
export const Session = z.object({
  id: z.int(),
  customerId: z.int(),
  /** Which of the customer's sign-ins it came from. */
  signIn: z.int().default(0),
  /** The push token of the device that signed in. Empty where none was named. */
  registrationId: z.string(),
  createdAtSeconds: z.int(),
  /** When the owner last showed who they are, by a code or a password; null where that was at a login with a password. */
  provenAtSeconds: z.int().nullable().default(null),
  lastUsedAtSeconds: z.int(),
  /** The refresh token used last comes first; behind it those whose grace was not over then. */
  usedTokens: z.tuple([UsedToken], UsedToken),
  expiresAtSeconds: z.int(),
});
export type Session = z.infer<typeof Session>;

/** How a session comes about: by which sign-in of the customer, on which device, and whether by a code. */
export interface Origin {
  signIn: number;
  registrationId: string;
  isProven: boolean;
}

/** A new session. Its first refresh token follows a made-up one, so that every token has a parent. */
export function newSession(customerId: number, { signIn, registrationId, isProven }: Origin): Session {
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
    expiresAtSeconds: expiry(now, now),
  };
}

export function creation(session: Session): Write {
  return {
    kind: 'put',
    key: sessionKey(session.customerId, session.id),
    item: session,
    condition: 'attribute_not_exists(pk)',
  };
}

/**
 * Takes the use of a refresh token, if it is the first one after the token that the session knows as used last.
 * Answers the session as it is now, or undefined when somebody was faster or the session has ended.
 */
export async function use(session: Session, tokenId: string): Promise<Session | undefined> {
  const now = nowSeconds();
  const [last, ...older] = session.usedTokens;
  const inGrace = older.filter((used) => now - used.atSeconds < config.refreshGraceSeconds);
  const changes = {
    // A client may have repeated its request with the last token until this moment, so its grace begins now.
    usedTokens: [
      { id: tokenId, atSeconds: now },
      { ...last, atSeconds: now },
      ...inGrace.slice(0, mostInGrace),
    ] as Session['usedTokens'],
    lastUsedAtSeconds: now,
    expiresAtSeconds: expiry(session.createdAtSeconds, now),
  };
  const { done } = await write({
    kind: 'update',
    key: sessionKey(session.customerId, session.id),
    expression: 'SET #usedTokens = :used, #lastUsedAtSeconds = :now, #expiresAtSeconds = :expiry',
    condition: '#usedTokens[0].#id = :last',
    values: { ':used': changes.usedTokens, ':now': now, ':expiry': changes.expiresAtSeconds, ':last': last.id },
  });
  return done ? { ...session, ...changes } : undefined;
}

/** A client that refreshes more often than this within the grace time is broken. */
const mostInGrace = 20;

/** Whether a session is one that the customer has not ended with all others. */
export function stands({ signIn }: Session, { endedSignIns }: { endedSignIns: number }): boolean {
  return signIn > endedSignIns;
}

/** The write that makes a session one of another sign-in. */
export function moved({ customerId, id }: Pick<Session, 'customerId' | 'id'>, signIn: number): Write {
  return {
    kind: 'update',
    key: sessionKey(customerId, id),
    expression: 'SET #signIn = :signIn',
    condition: 'attribute_exists(pk)',
    values: { ':signIn': signIn },
  };
}

/** The write that records that the owner has just shown who they are. It is refused if the session has ended. */
export function proveWrite({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write {
  return {
    kind: 'update',
    key: sessionKey(customerId, id),
    expression: 'SET #provenAtSeconds = :now',
    condition: 'attribute_exists(pk)',
    values: { ':now': nowSeconds() },
  };
}

/** The write that holds while a session has not ended. */
export function holding({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write {
  return { kind: 'check', key: sessionKey(customerId, id), condition: 'attribute_exists(pk)' };
}

/** The write that ends a session, if it has not ended already. */
export function ending({ customerId, id }: Pick<Session, 'customerId' | 'id'>): Write & { kind: 'delete' } {
  return { kind: 'delete', key: sessionKey(customerId, id) };
}

/** The sessions that must end so that one more fits: those that have been idle the longest. */
export function toMakeRoom(open: readonly Session[]): Session[] {
  const longestIdleFirst = open.toSorted((a, b) => a.lastUsedAtSeconds - b.lastUsedAtSeconds);
  return longestIdleFirst.slice(0, Math.max(0, open.length + 1 - config.sessionsPerCustomer));
}

export function ofCustomer(customerId: number): Promise<Session[]> {
  return readPrefix(customerPartition(customerId), sessionPrefix, Session);
}

function expiry(createdAtSeconds: number, now: number): number {
  return Math.min(now + config.sessionIdleSeconds, createdAtSeconds + config.sessionMaxSeconds);
}
