import { fail } from '../errors.ts';
import type { Authenticator } from '../http/contract.ts';
import { Customer } from '../repositories/customers.ts';
import { profileKey, sessionKey } from '../repositories/keys.ts';
import { Session, stands } from '../repositories/sessions.ts';
import { readAll } from '../repositories/table.ts';
import { readAccessToken } from './tokens.ts';

export interface SignedIn {
  customer: Customer;
  session: Session;
}

/**
 * The customer of an access token whose session still stands.
 * @throws notAuthenticated, authenticationFailed, tokenNotValid
 */
export const signedIn: Authenticator<SignedIn> = async (authorization) => {
  if (!authorization) return fail('notAuthenticated');
  const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (!token) return fail('authenticationFailed');
  const claims = await readAccessToken(token);
  if (!claims) return fail('tokenNotValid');
  const { customer, session } = await findSession(claims);
  if (!customer) return fail('authenticationFailed');
  return session ? { customer, session } : fail('tokenNotValid');
};

/** A session and its customer as they are at this moment, in one call. */
export async function findSession({ customerId, sessionId }: { customerId: number; sessionId: number }) {
  const [customer, session] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: sessionKey(customerId, sessionId), as: Session },
  ]);
  return { customer, session: customer && session && stands(session, customer) ? session : undefined };
}
