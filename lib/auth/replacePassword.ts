import { fail, failFields } from '../errors.ts';
import * as customers from '../repositories/customers.ts';
import * as devices from '../repositories/devices.ts';
import { emailClaimKey } from '../repositories/keys.ts';
import * as otps from '../repositories/otps.ts';
import * as passwords from '../repositories/passwords.ts';
import { emailTaking, yieldingHolder } from '../repositories/profiles.ts';
import { attempts, backOff } from '../repositories/retries.ts';
import * as sessions from '../repositories/sessions.ts';
import { transact } from '../repositories/table.ts';
import type { Write } from '../repositories/writes.ts';
import { type Account, readAccount } from './account.ts';
import { silencing } from './signOut.ts';

interface Replacement {
  hash: string;
  /** An address to log in with, where it changes. */
  email?: string | undefined;
  /** What allows it, and is used up by it. */
  proof?: { phone: string; code: otps.Code } | undefined;
  /** The customer as they were read a moment ago, where they were. */
  account?: Account;
  /** The session that stays; without it all sessions end. */
  keeping?: number;
  also?: readonly Write[];
}

/** What one transaction can hold, beside the password itself. */
const mostEnds = 85;

/**
 * Sets a password, and the e-mail address to use it with, and ends the sessions that may be somebody else's, in one
 * transaction that any sign-in on the way makes start over: no session of before outlives it. Answers whether there was
 * a customer, and a proof that nobody has used.
 * @throws `unique` for an e-mail address of somebody else
 */
export async function replacePassword(customerId: number, replacement: Replacement): Promise<boolean> {
  const { hash, email, proof, keeping, also = [] } = replacement;
  let account = replacement.account ?? (await readAccount(customerId));
  let holder: customers.Customer | undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { customer } = account;
    if (!customer) return false;
    const ends = endsOf(account, customerId, keeping);
    // More than fit go first, pushes before sessions: if what follows fails, they have ended for nothing worse than that.
    while (ends.length > mostEnds) await transact(ends.splice(-mostEnds));
    const newEmail = email === customer.email ? undefined : email;
    const taking = newEmail ? emailTaking(customerId, newEmail, holder) : {};
    const writes: Record<string, Write> = {
      password: passwords.setting(customerId, hash),
      customer: customers.holdingStill(customer, newEmail),
      ...(proof && { proof: otps.consumption(proof.phone, 'password_reset', proof.code) }),
      ...taking,
      ...(newEmail && customer.email && { release: { kind: 'delete', key: emailClaimKey(customer.email) } }),
    };
    const result = await transact([...Object.values(writes), ...also, ...ends]);
    if (result.done) return true;
    const refused = Object.keys(writes).filter((_, index) => result.refused[index]);
    if (proof && refused.includes('proof')) {
      await otps.forgiveTry(proof.phone);
      return false;
    }
    if (newEmail && refused.includes('claim') && !refused.includes('customer')) {
      holder = await yieldingHolder(newEmail, customer);
      if (!holder) return failFields({ attr: 'email', code: 'unique' });
    } else {
      holder = undefined;
      await backOff(attempt);
    }
    account = await readAccount(customerId);
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}

/** The writes that end a customer's sessions, and pushes to their devices. */
function endsOf({ password, open, registered }: Account, customerId: number, keeping: number | undefined): Write[] {
  if (keeping === undefined) {
    const silent = registered.map(({ registrationId }) => devices.deactivation(customerId, registrationId));
    return [...open.map(sessions.ending), ...silent];
  }
  // Whoever chooses a first password locks nobody out.
  const ending = password ? open.filter(({ id }) => id !== keeping) : [];
  const staying = open.filter((session) => !ending.includes(session));
  return [...ending.map(sessions.ending), ...silencing(ending, staying, registered)];
}
