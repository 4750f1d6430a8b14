import { config } from '../config.ts';
import { failFields } from '../errors.ts';
import { limitCalls } from '../repositories/sends.ts';
import { type Identifier, readClaims } from './account.ts';
import { clientNetwork } from './clientNetwork.ts';

/**
 * Makes sure that an e-mail address or a phone can be signed up with.
 * @throws `unique`, throttled
 */
export async function expectAvailable(identifier: Identifier, clientAddress: string): Promise<void> {
  await limitCalls(clientNetwork(clientAddress), 'AVAILABILITY', config.availabilityChecksPerAddressPerHour);
  const claims = await readClaims(identifier);
  const { email = claims.lost, phone } = claims;
  const taken = [...(email ? (['email'] as const) : []), ...(phone ? (['phone'] as const) : [])];
  if (taken.length > 0) failFields(...taken.map((attr) => ({ attr, code: 'unique' }) as const));
}
