import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { UnverifiedPhone } from '../customers/unverifiedPhones.ts';
import {
  emailClaimKey,
  lostEmailKey,
  passwordKey,
  phoneClaimKey,
  profileKey,
  unprovenPhoneKey,
  walletKey,
} from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { Wallet } from '../wallet/walletRepository.ts';
import { Password } from './passwordRepository.ts';

/** What somebody calls an account by; where both are given, both must be the account's. */
export interface Identifier {
  email?: string | null | undefined;
  phone?: Phone | null | undefined;
}

/** What failures are counted under. A phone is always given where it is used, and an e-mail address only sometimes beside it. */
export function toLoginKey({ email, phone }: Identifier): string {
  return phone?.number ?? email ?? '';
}

/**
 * Whether what somebody calls an account by can mean no other: nobody else has or had the e-mail address, or the phone is proven. Where it
 * can, whoever opens one of the accounts must not have forgotten what failed at the other.
 */
export function isUnambiguous({ phone }: Identifier, account: Account, found: readonly Account[]): boolean {
  if (phone) return account.customer?.phoneNumber === phone.number;
  return found.every(({ customer }) => !customer || customer.id === account.customer?.id);
}

/** Nobody has this id. Reading it takes as long as reading somebody. */
export const noCustomerId = 0;

/**
 * The accounts that may be meant. An e-mail address means who has it, and then who had it until somebody with a proven phone
 * took it; a phone means who has proven it, else who signed up with it first, and then who did last. There are two, found by two
 * calls one after another, whether or not there is any such account: one that is not has no customer.
 */
export async function findAccounts(identifier: Identifier): Promise<[Account, Account]> {
  const { email, phone } = identifier;
  const claims = await readClaims(identifier);
  const { first, last } = claims.phone ? { first: claims.phone.customerId } : (claims.unproven ?? {});
  const meant = email
    ? [claims.email?.customerId, claims.lost?.customerId]
    : [first, last === first ? undefined : last];
  const read = async (id: number | undefined) => {
    const account = await readAccount(id ?? noCustomerId);
    const { unprovenPhone } = account.customer ?? {};
    const isTheirs = !phone || (claims.phone ? claims.phone.customerId === id : unprovenPhone === phone.number);
    return isTheirs ? account : { ...account, customer: undefined };
  };
  return Promise.all([read(meant[0]), read(meant[1])]);
}

/** Who has an e-mail address and who lost it, who has proven a phone and who signed up with it. */
export async function readClaims({ email, phone }: Identifier) {
  const [emailClaim, lost, phoneClaim, unproven] = await readAll([
    { key: emailClaimKey(email ?? ''), as: customers.UniqueClaim },
    { key: lostEmailKey(email ?? ''), as: customers.UniqueClaim },
    { key: phoneClaimKey(phone?.number ?? ''), as: customers.UniqueClaim },
    { key: unprovenPhoneKey(phone?.number ?? ''), as: UnverifiedPhone },
  ]);
  return { email: emailClaim, lost, phone: phoneClaim, unproven };
}

export type Account = Awaited<ReturnType<typeof readAccount>>;

/** A customer with whatever decides how they sign in; all undefined where there is none. */
export async function readAccount(customerId: number) {
  const [customer, wallet, password] = await readAll([
    { key: profileKey(customerId), as: customers.Customer },
    { key: walletKey(customerId), as: Wallet },
    { key: passwordKey(customerId), as: Password },
  ]);
  return { customer, wallet, password };
}
