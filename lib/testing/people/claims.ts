import { UniqueClaim } from '../../customers/customerRepository.ts';
import { DuePhoneChange } from '../../customers/phoneChange.ts';
import { PhoneClaim } from '../../customers/phoneClaims.ts';
import {
  duePhoneChangesPartition,
  dueUntilSortKey,
  emailClaimKey,
  lostEmailKey,
  phoneClaimKey,
} from '../../table/keys.ts';
import { readAll, readRange } from '../../table/table.ts';
import type { Snapshot } from './snapshot.ts';

/** Returns the ids of the customers that an identifier can mean. */
export async function readClaimOwners(identifier: { phone: string } | { email: string }): Promise<number[]> {
  const key = 'phone' in identifier ? phoneClaimKey(identifier.phone) : emailClaimKey(identifier.email);
  const [claim] = await readAll([{ key, as: UniqueClaim }]);
  return claim ? [claim.customerId] : [];
}

/** Reads the claims of a history's phones and e-mail addresses. */
export async function readClaims(phones: readonly string[], emails: readonly string[]) {
  const keys = [...phones.map(phoneClaimKey), ...emails.map(emailClaimKey), ...emails.map(lostEmailKey)];
  const claims = await readAll(keys.map((key) => ({ key, as: PhoneClaim })));
  const take = (count: number) => claims.splice(0, count);
  return { phones, ofPhones: take(phones.length), emails, ofEmails: take(emails.length), lost: take(emails.length) };
}
export type Claims = Awaited<ReturnType<typeof readClaims>>;

/** Reports each identifier that has a claim without its owner, or an owner without its claim. */
export function findClaimProblems(claims: Claims, customers: Snapshot): string[] {
  const problems: string[] = [];
  const check = (isRight: boolean, problem: string) => isRight || problems.push(problem);
  const phoneClaims = new Map(claims.phones.map((phone, index) => [phone, claims.ofPhones[index]]));
  const emailClaims = new Map(claims.emails.map((email, index) => [email, claims.ofEmails[index]]));
  for (const [phone, claim] of phoneClaims) {
    const owner = claim && customers.get(claim.customerId);
    const owned = claim?.isVerified ? owner?.phoneNumber : owner?.unprovenPhone;
    check(!claim || owned === phone, `the claim of ${phone} by ${claim?.customerId} has no owner`);
  }
  for (const [email, claim] of emailClaims) {
    check(!claim || customers.get(claim.customerId)?.email === email, `the claim of ${email} has no owner`);
  }
  for (const [index, email] of claims.emails.entries()) {
    const claim = claims.lost[index];
    check(!claim || customers.get(claim.customerId)?.lostEmail === email, `the lost ${email} has no customer`);
  }
  for (const { id, phoneNumber, unprovenPhone, email } of customers.values()) {
    const [verified, unverified] = [phoneClaims.get(phoneNumber), phoneClaims.get(unprovenPhone)];
    const hasVerified = verified?.customerId === id && verified.isVerified;
    check(!phoneNumber || hasVerified, `customer ${id} has no claim of the verified ${phoneNumber}`);
    const hasUnverified = unverified?.customerId === id && !unverified.isVerified;
    check(!unprovenPhone || hasUnverified, `customer ${id} has no claim of the unverified ${unprovenPhone}`);
    check(!email || emailClaims.get(email)?.customerId === id, `customer ${id} has no claim of ${email}`);
  }
  return problems;
}

/** Reports each waiting change of a phone without its due item, and the reverse. */
export async function findDueProblems(customers: Snapshot, ids: ReadonlySet<number>): Promise<string[]> {
  const range = { from: ' ', to: dueUntilSortKey(999_999_999_999), limit: 1_000 };
  const due = (await readRange(duePhoneChangesPartition, range, DuePhoneChange)).filter(({ customerId }) =>
    ids.has(customerId),
  );
  const waiting = [...customers.values()].flatMap(({ id: customerId, phoneChange }) =>
    phoneChange ? [{ customerId, id: phoneChange.id }] : [],
  );
  const has = (list: { customerId: number; id: number }[], one: { customerId: number; id: number }) =>
    list.some(({ customerId, id }) => customerId === one.customerId && id === one.id);
  return [
    ...waiting.filter((one) => !has(due, one)).map(({ customerId }) => `the change of ${customerId} is not due`),
    ...due
      // The due item of a deleted customer stays until the worker finds it.
      .filter((one) => customers.has(one.customerId) && !has(waiting, one))
      .map(({ customerId }) => `the due change of ${customerId} does not wait`),
  ];
}
