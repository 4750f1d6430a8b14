import { isFresh } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { Session } from './sessionRepository.ts';

/**
 * Returns whether the owner has just shown who they are: by opening this session, or by
 * reauthenticating in it. An access token alone, which may be stolen, shows nothing.
 */
export function isFreshlyVerified({ createdAtSeconds, provenAtSeconds }: Session): boolean {
  return isFresh(Math.max(createdAtSeconds, provenAtSeconds ?? 0), config.recentProofSeconds);
}

/**
 * Guards every change of what an account can be recovered by.
 * @throws codeNeeded
 */
export function requireFreshProof(session: Session): void {
  if (!isFreshlyVerified(session)) fail('codeNeeded');
}
