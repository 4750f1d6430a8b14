import { fail } from '../errors.ts';
import * as customers from '../repositories/customers.ts';
import * as devices from '../repositories/devices.ts';
import * as otps from '../repositories/otps.ts';
import * as passwords from '../repositories/passwords.ts';
import { attempts, backOff } from '../repositories/retries.ts';
import * as sessions from '../repositories/sessions.ts';
import { transact } from '../repositories/table.ts';
import type { Write } from '../repositories/writes.ts';
import { type Account, readAccount } from './account.ts';

interface Replacement {
  hash: string;
  /** What allows it, and is used up by it. */
  proof?: { phone: string; code: otps.Code } | undefined;
  /** The customer as they were read a moment ago, where they were. */
  account?: Account;
  /** The session that stays; without it all sessions end. */
  keeping?: number;
  also?: readonly Write[];
}

/** What one transaction can hold, beside the password itself. */
const mostEnded = 90;

/**
 * Sets a password and ends the sessions that may be somebody else's, in one transaction that any sign-in on the way makes
 * start over: no session of before outlives it. Answers whether there was a customer, and a proof that nobody has used.
 */
export async function replacePassword(customerId: number, replacement: Replacement): Promise<boolean> {
  const { hash, proof, keeping, also = [] } = replacement;
  let account = replacement.account ?? (await readAccount(customerId));
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { customer, password, open, registered } = account;
    if (!customer) return false;
    // Whoever chooses a first password locks nobody out.
    const ending = keeping === undefined || password ? open.filter(({ id }) => id !== keeping) : [];
    const silenced = keeping === undefined ? registered : [];
    const ends = [
      ...ending.map(sessions.ending),
      ...silenced.map(({ registrationId }) => devices.deactivation(customerId, registrationId)),
    ];
    const result = await transact([
      passwords.setting(customerId, hash),
      customers.noFurtherSignIn(customer),
      ...(proof ? [otps.consumption(proof.phone, 'password_reset', proof.code)] : []),
      ...also,
      ...ends.slice(0, mostEnded),
    ]);
    if (result.done) return true;
    if (proof && result.refused[2]) {
      await otps.forgiveTry(proof.phone);
      return false;
    }
    await backOff(attempt);
    account = await readAccount(customerId);
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}
