import { Customer } from '../../customers/customerRepository.ts';
import type { PhoneChange } from '../../customers/phoneChange.ts';
import { isSuspended } from '../../customers/suspension.ts';
import { Password } from '../../passwords/passwordRepository.ts';
import { passwordKey, profileKey } from '../../table/keys.ts';
import { readAll } from '../../table/table.ts';

interface State extends Customer {
  hasPassword: boolean;
  isSuspended: boolean;
  phoneChange: PhoneChange | null;
}

/** The customers who exist, by id. */
export type Snapshot = Map<number, State>;

export async function readSnapshot(ids: readonly number[]): Promise<Snapshot> {
  const [customers, passwords] = await Promise.all([
    readAll(ids.map((id) => ({ key: profileKey(id), as: Customer }))),
    readAll(ids.map((id) => ({ key: passwordKey(id), as: Password }))),
  ]);
  const states = customers.map(
    (customer, index) =>
      customer && { ...customer, hasPassword: Boolean(passwords[index]), isSuspended: isSuspended(customer) },
  );
  return new Map(states.flatMap((state) => (state ? [[state.id, state]] : [])));
}

const dormantAfterSeconds = 365 * 86_400;
const hasSecondProof = ({ hasPassword, email, isEmailVerified }: State) =>
  hasPassword || (email !== '' && isEmailVerified);

/** Returns whether an account was not used for so long that its phone proves nothing any more. */
export const isUnused = (usedAtSeconds: number) => Date.now() / 1000 - usedAtSeconds >= dormantAfterSeconds;

/**
 * The exceptions of the contract: the new holder of a phone enters its account, if the account was
 * used in the last year, or has no second proof.
 */
export function mayEnter(
  customer: State | undefined,
  usedAtSeconds: number,
  holds: (phone: string) => boolean,
): boolean {
  if (!customer || !holds(customer.phoneNumber)) return false;
  return !isUnused(usedAtSeconds) || !hasSecondProof(customer);
}

/** Whom an OTP for a new password may reach: a dormant account has no phone for it. */
export function mayReset(
  customer: State | undefined,
  usedAtSeconds: number,
  holder: { holds: (phone: string) => boolean; email: string },
): boolean {
  if (!customer) return false;
  if (customer.isEmailVerified && customer.email === holder.email) return true;
  return holder.holds(customer.phoneNumber) && !isUnused(usedAtSeconds);
}
