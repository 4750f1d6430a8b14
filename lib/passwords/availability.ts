import { config } from '../config/config.ts';
import { type FieldError, failFields } from '../errors.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { limitCalls } from '../rateLimits/rateLimits.ts';
import { type Identifier, readClaims } from './findAccounts.ts';

export const phoneTaken = { attr: 'phone', code: 'unique', detail: 'phoneTaken' } as const satisfies FieldError;

/**
 * Checks that a new account can have an e-mail address or a phone, or that a customer can verify a
 * phone.
 * @throws `unique`, limitExceeded
 */
export async function requireAvailable(
  identifier: Identifier,
  clientIp: string,
  { isVerifying = false } = {},
): Promise<void> {
  await limitCalls(toClientNetwork(clientIp), 'AVAILABILITY', config.availabilityChecksPerNetworkPerHour);
  const claims = await readClaims(identifier);
  if (claims.email || claims.lost) failFields({ attr: 'email', code: 'unique' });
  if (isVerifying ? claims.phone?.isVerified : claims.phone) failFields(phoneTaken);
}
