import { config } from '../config/config.ts';
import { failFields } from '../errors.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { limitCalls } from '../rateLimits/rateLimits.ts';
import { type Identifier, readClaims } from './findAccounts.ts';

/**
 * Checks that a new account can have an e-mail address or a phone.
 * @throws `unique`, limitExceeded
 */
export async function requireAvailable(identifier: Identifier, clientIp: string): Promise<void> {
  await limitCalls(toClientNetwork(clientIp), 'AVAILABILITY', config.availabilityChecksPerNetworkPerHour);
  const claims = await readClaims(identifier);
  const { email = claims.lost, phone } = claims;
  const attrs = [...(email ? (['email'] as const) : []), ...(phone ? (['phone'] as const) : [])];
  if (attrs.length > 0) failFields(...attrs.map((attr) => ({ attr, code: 'unique' }) as const));
}
