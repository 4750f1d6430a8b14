import * as z from 'zod';
import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { PhoneClaim } from '../customers/phoneClaims.ts';
import {
  emailClaimKey,
  formerSignUpsKey,
  lostEmailKey,
  passwordKey,
  phoneClaimKey,
  profileKey,
  walletKey,
} from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { Wallet } from '../wallet/walletRepository.ts';
import { Password } from './passwordRepository.ts';

/**
 * The identifiers that a customer enters to name an account. If both are given, both must be the
 * account's.
 */
export interface Identifier {
  email?: string | null | undefined;
  phone?: Phone | null | undefined;
}

/**
 * Returns the key that failed logins are counted under. A login by phone may name an e-mail address
 * too, so the phone comes first.
 */
export function toLoginKey({ email, phone }: Identifier): string {
  return phone?.number ?? email ?? '';
}

/**
 * Returns whether an identifier can mean only this account. If it is ambiguous, a login to one
 * account must not reset the failures of the other.
 */
export function isUnambiguous(account: Account, found: readonly Account[]): boolean {
  return found.every(({ customer }) => !customer || customer.id === account.customer?.id);
}

/**
 * Returns the two accounts that an identifier can mean. An e-mail address means its holder, then
 * the customer who lost it to one who verified it. A phone means its holder alone. An account that
 * does not exist has no customer. It takes the same two reads, so that timing tells nothing.
 */
export async function findAccounts(identifier: Identifier): Promise<[Account, Account]> {
  const { email, phone } = identifier;
  const claims = await readClaims(identifier);
  const holderId = claims.phone?.customerId ?? claims.formerSignUps?.first;
  const customerIds = email ? [claims.email?.customerId, claims.lost?.customerId] : [holderId, undefined];
  const read = async (id: number | undefined) => {
    const account = await readAccount(id ?? customers.noCustomerId);
    const { unprovenPhone } = account.customer ?? {};
    const hasPhone = !phone || (claims.phone ? claims.phone.customerId === id : unprovenPhone === phone.number);
    return hasPhone ? account : { ...account, customer: undefined };
  };
  return Promise.all([read(customerIds[0]), read(customerIds[1])]);
}

/** The sign-ups with a phone, from before unverified phones were claimed. The first one has it. */
const FormerSignUps = z.object({ first: z.int() });

/**
 * Returns the claims on an e-mail address (its holder and the customer who lost it) and on a phone.
 */
export async function readClaims({ email, phone }: Identifier) {
  const [emailClaim, lost, phoneClaim, formerSignUps] = await readAll([
    { key: emailClaimKey(email ?? ''), as: customers.UniqueClaim },
    { key: lostEmailKey(email ?? ''), as: customers.UniqueClaim },
    { key: phoneClaimKey(phone?.number ?? ''), as: PhoneClaim },
    { key: formerSignUpsKey(phone?.number ?? ''), as: FormerSignUps },
  ]);
  return { email: emailClaim, lost, phone: phoneClaim, formerSignUps };
}

export type Account = Awaited<ReturnType<typeof readAccount>>;

/**
 * Returns a customer with the items that a login needs. All are undefined if there is no such
 * customer.
 */
export async function readAccount(customerId: number) {
  const [customer, wallet, password] = await readAll([
    { key: profileKey(customerId), as: customers.Customer },
    { key: walletKey(customerId), as: Wallet },
    { key: passwordKey(customerId), as: Password },
  ]);
  return { customer, wallet, password };
}
