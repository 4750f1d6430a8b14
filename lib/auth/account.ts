import * as customers from '../repositories/customers.ts';
import {
  emailClaimKey,
  passwordKey,
  phoneClaimKey,
  profileKey,
  unprovenPhoneKey,
  walletKey,
} from '../repositories/keys.ts';
import { Password } from '../repositories/passwords.ts';
import { readAll } from '../repositories/table.ts';
import { Wallet } from '../repositories/wallets.ts';
import type { Phone } from '../schemas/phone.ts';
import { readSignedInDevices } from './signOut.ts';

/** What somebody calls an account by; where both are given, both must be the account's. */
export interface Identifier {
  email?: string | null | undefined;
  phone?: Phone | null | undefined;
}

/** Nobody has this id. Reading it takes as long as reading somebody. */
const nobody = 0;

/**
 * The account that is meant, and what a login needs to know of it. A phone means who has proven it, else who signed up with
 * it last. It takes two calls, one after another, whether or not there is such an account.
 */
export async function findAccount(identifier: Identifier) {
  const { email, phone } = identifier;
  const claims = await readClaims(identifier);
  const holder = email ? claims.email : (claims.phone ?? claims.unproven);
  const { customer, ...rest } = await readAccount(holder?.customerId ?? nobody);
  const owner = claims.phone?.customerId;
  const hasPhone = owner === undefined ? customer?.unprovenPhone === phone?.number : customer?.id === owner;
  return { ...rest, customer: !phone || hasPhone ? customer : undefined };
}

/** Who has an e-mail address, who has proven a phone, and who signed up with it last. */
export async function readClaims({ email, phone }: Identifier) {
  const [emailClaim, phoneClaim, unproven] = await readAll([
    { key: emailClaimKey(email ?? ''), as: customers.Claim },
    { key: phoneClaimKey(phone?.number ?? ''), as: customers.Claim },
    { key: unprovenPhoneKey(phone?.number ?? ''), as: customers.Claim },
  ]);
  return { email: emailClaim, phone: phoneClaim, unproven };
}

export type Account = Awaited<ReturnType<typeof readAccount>>;

/** A customer with whatever decides how they sign in; all undefined or empty where there is none. */
export async function readAccount(customerId: number) {
  const [[customer, wallet, password], signedIn] = await Promise.all([
    readAll([
      { key: profileKey(customerId), as: customers.Customer },
      { key: walletKey(customerId), as: Wallet },
      { key: passwordKey(customerId), as: Password },
    ]),
    readSignedInDevices(customerId),
  ]);
  return { customer, wallet, password, ...signedIn };
}
