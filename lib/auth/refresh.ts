import { nowSeconds } from '../clock.ts';
import { config } from '../config.ts';
import { fail } from '../errors.ts';
import * as sessions from '../repositories/sessions.ts';
import { write } from '../repositories/table.ts';
import { findSession } from './signedIn.ts';
import { mint, type RefreshClaims, readRefreshToken, type Tokens } from './tokens.ts';

/**
 * New tokens for a refresh token. A client that lost the answer may ask again: several successors of one token can be
 * about, but only one of them can be used. Whoever comes with another one, or with an older token, proves that two hold
 * this session, and it ends for both; but not within the grace time, in which requests overtake each other.
 * @throws tokenNotValid
 */
export async function refresh(token: string): Promise<Tokens> {
  const claims = await readRefreshToken(token);
  if (!claims) return fail('tokenNotValid');
  for (;;) {
    const { customer, session } = await findSession(claims);
    if (!customer || !session) return fail('tokenNotValid');
    switch (standing(session, claims)) {
      case 'first use': {
        const used = await sessions.use(session, claims.tokenId);
        if (used) return mint(used);
        break;
      }
      case 'repeated':
        return mint(session);
      case 'stolen':
        await write(sessions.ending(session));
        return fail('tokenNotValid');
    }
  }
}

function standing({ usedTokens }: sessions.Session, { tokenId, parentId }: RefreshClaims) {
  const [last, ...older] = usedTokens;
  if (parentId === last.id) return 'first use';
  if (tokenId === last.id) return 'repeated';
  const inGrace = [last, ...older].filter(({ atSeconds }) => nowSeconds() - atSeconds < config.refreshGraceSeconds);
  return inGrace.some(({ id }) => id === tokenId || id === parentId) ? 'repeated' : 'stolen';
}
