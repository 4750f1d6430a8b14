import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { UnverifiedPhone } from '../customers/unverifiedPhones.ts';
import {
  emailClaimKey,
  lostEmailKey,
  passwordKey,
  phoneClaimKey,
  profileKey,
  unverifiedPhoneKey,
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
 * Returns whether an identifier can mean only this account: no other account has or had the e-mail
 * address, or the phone is verified. If it is ambiguous, a login to one account must not reset the
 * failures of the other.
 */
export function isUnambiguous({ phone }: Identifier, account: Account, found: readonly Account[]): boolean {
  if (phone) return account.customer?.phoneNumber === phone.number;
  return found.every(({ customer }) => !customer || customer.id === account.customer?.id);
}

/**
 * Returns the two accounts that an identifier can mean. An e-mail address means its holder, then
 * the customer who lost it to one who verified it. A phone means the customer who verified it,
 * otherwise the first sign-up with it, then the last. An account that does not exist has no
 * customer. It takes the same two reads, so that timing tells nothing.
 */
export async function findAccounts(identifier: Identifier): Promise<[Account, Account]> {
  const { email, phone } = identifier;
  const claims = await readClaims(identifier);
  const { first, last } = claims.phone ? { first: claims.phone.customerId } : (claims.unverified ?? {});
  const customerIds = email
    ? [claims.email?.customerId, claims.lost?.customerId]
    : [first, last === first ? undefined : last];
  const read = async (id: number | undefined) => {
    const account = await readAccount(id ?? customers.noCustomerId);
    const { unprovenPhone } = account.customer ?? {};
    const hasPhone = !phone || (claims.phone ? claims.phone.customerId === id : unprovenPhone === phone.number);
    return hasPhone ? account : { ...account, customer: undefined };
  };
  return Promise.all([read(customerIds[0]), read(customerIds[1])]);
}

/**
 * Returns the claims on an e-mail address (its holder and the customer who lost it) and on a phone
 * (verified and unverified).
 */
export async function readClaims({ email, phone }: Identifier) {
  const [emailClaim, lost, phoneClaim, unverified] = await readAll([
    { key: emailClaimKey(email ?? ''), as: customers.UniqueClaim },
    { key: lostEmailKey(email ?? ''), as: customers.UniqueClaim },
    { key: phoneClaimKey(phone?.number ?? ''), as: customers.UniqueClaim },
    { key: unverifiedPhoneKey(phone?.number ?? ''), as: UnverifiedPhone },
  ]);
  return { email: emailClaim, lost, phone: phoneClaim, unverified };
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
