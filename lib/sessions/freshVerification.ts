import { isFresh } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { Session } from './sessionRepository.ts';

/**
 * Returns whether the owner has just shown who they are, by a sign-in or by reauthenticating in
 * this session. An access token alone shows nothing, because it may be stolen.
 */
export function isFreshlyVerified({ createdAtSeconds, provenAtSeconds }: Session): boolean {
  return isFresh(Math.max(createdAtSeconds, provenAtSeconds ?? 0), config.freshVerificationSeconds);
}

/**
 * Guards every change of the means to recover an account.
 * @throws reauthenticationRequired
 */
export function requireFreshlyVerified(session: Session): void {
  if (!isFreshlyVerified(session)) fail('reauthenticationRequired');
}
