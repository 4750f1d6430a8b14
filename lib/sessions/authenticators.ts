import { Customer } from '../customers/customerRepository.ts';
import { fail } from '../errors.ts';
import type { Authenticator, RequestHeaders } from '../http/contract.ts';
import { profileKey, sessionKey, walletKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { Wallet } from '../wallet/walletRepository.ts';
import { verifyAccessToken } from './jwt.ts';
import { isActive, Session } from './sessionRepository.ts';

export interface SignedIn {
  customer: Customer;
  session: Session;
  accessToken: string;
}

/**
 * Returns the customer of an access token whose session is active.
 * @throws notAuthenticated, authenticationFailed, tokenNotValid
 */
export const signedIn: Authenticator<SignedIn> = async (headers) => {
  const claims = await claimsOf(headers);
  return requireActive(await findSession(claims), claims);
};

export const signedInWithWallet: Authenticator<SignedIn & { wallet: Wallet }> = async (headers) => {
  const claims = await claimsOf(headers);
  const keys = [...keysOf(claims), { key: walletKey(claims.customerId), as: Wallet }] as const;
  const [customer, session, wallet] = await readAll(keys);
  const principal = requireActive(keepActive(customer, session), claims);
  if (!wallet) throw new Error(`Customer ${claims.customerId} has no wallet.`);
  return { ...principal, wallet };
};

/** Reads a session and its customer in one consistent read. */
export async function findSession(claims: Claims) {
  const [customer, session] = await readAll(keysOf(claims));
  return keepActive(customer, session);
}

interface Claims {
  customerId: number;
  sessionId: number;
}

async function claimsOf({ authorization }: RequestHeaders): Promise<Claims & Pick<SignedIn, 'accessToken'>> {
  if (!authorization) return fail('notAuthenticated');
  const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (!token) return fail('authenticationFailed');
  const claims = (await verifyAccessToken(token)) ?? fail('tokenNotValid');
  return { ...claims, accessToken: token };
}

function keysOf({ customerId, sessionId }: Claims) {
  return [
    { key: profileKey(customerId), as: Customer },
    { key: sessionKey(customerId, sessionId), as: Session },
  ] as const;
}

function keepActive(customer: Customer | undefined, session: Session | undefined) {
  return { customer, session: customer && session && isActive(session, customer) ? session : undefined };
}

function requireActive(
  { customer, session }: ReturnType<typeof keepActive>,
  { accessToken }: Pick<SignedIn, 'accessToken'>,
): SignedIn {
  if (!customer) return fail('authenticationFailed');
  return session ? { customer, session, accessToken } : fail('tokenNotValid');
}
