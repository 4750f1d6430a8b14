import type { Write } from '../table/expressions.ts';
import { emailClaimKey, lostEmailKey, profileKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { type Customer, noCustomerId, UniqueClaim } from './customerRepository.ts';

/** Returns the id of the customer who has an e-mail address, or {@link noCustomerId}. */
export async function readEmailHolderId(email: string): Promise<number> {
  const [claim] = await readAll([{ key: emailClaimKey(email), as: UniqueClaim }]);
  return claim?.customerId ?? noCustomerId;
}

/**
 * Claims a free e-mail address, unverified. It belongs to the first account that gives it, until
 * another one verifies it.
 */
export function claimEmailWrites(
  { id: customerId, phoneNumber }: Pick<Customer, 'id' | 'phoneNumber'>,
  email: string,
): Record<string, Write> {
  const item = { customerId } satisfies UniqueClaim;
  const condition = 'attribute_not_exists(pk)';
  const freeOrOwn = { condition: `${condition} OR #customerId = :own`, values: { ':own': customerId } };
  return {
    claim: { kind: 'put', key: emailClaimKey(email), item, condition },
    // The customer who lost the e-mail still logs in with it. That would end if this account lost
    // it too. An account with a verified phone does not log in with an e-mail that it lost.
    ...(!phoneNumber && { noLostEmail: { kind: 'check', key: lostEmailKey(email), ...freeOrOwn } }),
  };
}

/** Releases an e-mail address. The transaction must check that the customer still has it. */
export function releaseEmailWrite(email: string): Write {
  return { kind: 'delete', key: emailClaimKey(email) };
}

/**
 * Gives a customer an e-mail address that they have verified. `holder` has it unverified, and loses
 * it.
 */
export function takeVerifiedEmailWrites(
  { id: customerId, email: before }: Customer,
  email: string,
  holder: Customer | undefined,
): Record<string, Write> {
  const key = emailClaimKey(email);
  const item = { customerId } satisfies UniqueClaim;
  const isFree = { condition: 'attribute_not_exists(pk) OR #customerId = :own', values: { ':own': customerId } };
  const isHeld = { condition: '#customerId = :holder', values: { ':holder': holder?.id } };
  return {
    customer: {
      kind: 'update',
      key: profileKey(customerId),
      expression: 'SET #email = :email, #isEmailVerified = :yes',
      condition: '#email = :seenEmail',
      values: { ':email': email, ':yes': true, ':seenEmail': before },
    },
    claim: { kind: 'put', key, item, ...(holder ? isHeld : isFree) },
    ...(before && before !== email && { release: releaseEmailWrite(before) }),
    ...(holder && loseEmailWrites(holder)),
  };
}

/** The condition that a customer has not verified their e-mail address. */
export const hasUnverifiedEmail = '(attribute_not_exists(#isEmailVerified) OR #isEmailVerified = :no)';

/**
 * Takes an unverified e-mail address from its holder. Without a verified phone, the holder has no
 * other identifier, so they still log in with the address and their password.
 */
function loseEmailWrites({ id, email, phoneNumber, lostEmail: before }: Customer): Record<string, Write> {
  const isUnchanged = `#email = :email AND ${hasUnverifiedEmail} AND #phoneNumber = :phone`;
  const values = { ':email': email, ':none': '', ':no': false, ':phone': phoneNumber };
  const update = { kind: 'update', key: profileKey(id) } as const;
  if (phoneNumber) {
    return { holder: { ...update, expression: 'SET #email = :none', condition: isUnchanged, values } };
  }
  return {
    holder: {
      ...update,
      expression: 'SET #email = :none, #lostEmail = :email',
      condition: `${isUnchanged} AND (attribute_not_exists(#lostEmail) OR #lostEmail = :before)`,
      values: { ...values, ':before': before },
    },
    ...(before && before !== email && { oldLostEmail: { kind: 'delete', key: lostEmailKey(before) } }),
    lost: { kind: 'put', key: lostEmailKey(email), item: { customerId: id } satisfies UniqueClaim },
  };
}
