import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { recordUse } from '../customers/dormancy.ts';
import { fail } from '../errors.ts';
import { write } from '../table/table.ts';
import { findSession } from './authenticators.ts';
import { issueTokens, type RefreshClaims, readSigningKey, type Tokens, verifyRefreshToken } from './jwt.ts';
import * as sessions from './sessionRepository.ts';

/** A session is revoked in the next cycle in which two successors of one token are used. */
const mostSharedCycles = 2;

/**
 * Returns new tokens for a refresh token. A client that lost the response may repeat the request,
 * so a token can have several successors, of which only one may be used. A second successor, or an
 * older token, shows that two clients hold this session. The session is then revoked for both.
 * Within the grace time it is not, because requests overtake each other.
 *
 * A thief who sees when the owner refreshes can stay within the grace time. A client that keeps one
 * token never uses two successors of one, however often the network loses, repeats or delays a
 * request. So the cycles in which two are used are counted. Two tabs with tokens of their own that
 * refresh at the same moment are counted as well.
 * @throws tokenNotValid, unavailable
 */
export async function rotateRefreshToken(token: string): Promise<Tokens> {
  const claims = await verifyRefreshToken(token);
  if (!claims) return fail('tokenNotValid');
  await readSigningKey();
  for (;;) {
    const { customer, session } = await findSession(claims);
    if (!customer || !session) return fail('tokenNotValid');
    switch (classifyUse(session, claims)) {
      case 'first use': {
        const used = await sessions.useRefreshToken(session, claims);
        if (used) {
          const [tokens] = await Promise.all([issueTokens(used), recordUse(customer)]);
          return tokens;
        }
        break;
      }
      case 'repeated':
        return issueTokens(session);
      case 'overtaken':
        return issueTokens(session, { isBranch: true });
      case 'second successor':
        if (await sessions.countSharedCycle(session)) return issueTokens(session, { isBranch: true });
        break;
      case 'stolen':
        await write(sessions.revokeSessionWrite(session));
        return fail('tokenNotValid');
    }
  }
}

function classifyUse({ usedTokens, sharedCycles, sharing }: sessions.Session, { tokenId, parentId }: RefreshClaims) {
  const [last, ...older] = usedTokens;
  if (parentId === last.id) return 'first use';
  if (tokenId === last.id) return 'repeated';
  const inGrace = [last, ...older].filter(({ atSeconds }) => nowSeconds() - atSeconds < config.refreshGraceSeconds);
  if (inGrace.some(({ id }) => id === tokenId)) return 'overtaken';
  if (!inGrace.some(({ id }) => id === parentId)) return 'stolen';
  if (sharing === 'counted') return 'overtaken';
  return sharedCycles < mostSharedCycles ? 'second successor' : 'stolen';
}
