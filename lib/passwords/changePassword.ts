import { attempts, backOff } from '../backOff.ts';
import type * as customers from '../customers/customerRepository.ts';
import { failOverLimit, findYieldingHolder, takeEmailWrites } from '../customers/profileRepository.ts';
import { deactivateDeviceWrite } from '../devices/deviceWrites.ts';
import { fail, failFields } from '../errors.ts';
import * as otps from '../otp/otpRepository.ts';
import { countTakenResponse } from '../rateLimits/rateLimits.ts';
import type { SignInState } from '../sessions/createSession.ts';
import { checkUnchangedWrite, revokeAllWrite } from '../sessions/sessionGeneration.ts';
import * as sessions from '../sessions/sessionRepository.ts';
import { deactivateDeviceWrites, readSignedInDevices } from '../sessions/signOut.ts';
import type { Write } from '../table/expressions.ts';
import { emailClaimKey } from '../table/keys.ts';
import { transact } from '../table/table.ts';
import { readAccount } from './findAccounts.ts';
import * as passwords from './passwordRepository.ts';

interface Replacement {
  hash: string;
  /** An address to log in with, where it changes. */
  email?: string | undefined;
  /** The client network, which may not hear without limit that an address is taken. */
  network: string;
  /** What allows it, and is used up by it. */
  otp?: otps.Attempt | undefined;
  /** The session that stays; without it all sessions end. */
  keeping?: number;
  also?: readonly Write[];
}

/** What one transaction can hold beside the rest. */
const mostLeftovers = 85;

/**
 * Sets a password, and the e-mail address to use it with, and ends the sessions that may be
 * somebody else's, in one transaction: none of before outlives it, not even one that is being
 * opened. Answers whether there was a customer, and a proof that nobody has used.
 * @throws `unique` for an e-mail address of somebody else, tokenNotValid when the session that
 * stays has ended
 */
export async function changePassword(customerId: number, replacement: Replacement): Promise<boolean> {
  const { hash, email, network, otp, keeping, also = [] } = replacement;
  let holder: customers.Customer | undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const [{ customer, password }, before] = await Promise.all([
      readAccount(customerId),
      readSignedInDevices(customerId),
    ]);
    if (!customer) return false;
    const newEmail = email === customer.email ? undefined : email;
    const own = keeping === undefined ? undefined : { customerId, id: keeping };
    // Whoever chooses a first password locks nobody out.
    const isFirst = own !== undefined && !password;
    const next = own && customer.signIns + 1;
    const writes: Record<string, Write> = {
      password: isFirst
        ? passwords.setFirstPasswordWrite(customerId, hash)
        : passwords.setPasswordWrite(customerId, hash),
      ...(own && {
        session: isFirst ? sessions.checkSessionWrite(own) : sessions.moveToGenerationWrite(own, customer.signIns + 1),
      }),
      customer: isFirst ? checkUnchangedWrite(customer, newEmail) : revokeAllWrite(customer, { email: newEmail, next }),
      ...(otp && { otp: otps.consumeOtpWrite(otp) }),
      ...(newEmail && takeEmailWrites(customer, newEmail, { network, holder })),
      ...(newEmail && customer.email && { release: { kind: 'delete', key: emailClaimKey(customer.email) } }),
    };
    const writing = transact([
      ...Object.values(writes),
      ...also,
      ...(isFirst ? [] : leftovers(before, customerId, keeping).slice(0, mostLeftovers)),
    ]);
    const [result] = await Promise.all([writing, attempt === 1 && otp?.refund?.()]);
    if (result.done) return true;
    const refused = Object.keys(writes).filter((_, index) => result.refused[index]);
    // A right code is no guess, whatever else is wrong.
    const forgive = async () => otp && otps.refundAttempt(otp);
    if (refused.includes('taken') || refused.includes('emailChanges')) {
      await forgive();
      failOverLimit(writes, result.refused);
    }
    if (refused.includes('session')) {
      await forgive();
      return fail('tokenNotValid');
    }
    if (refused.includes('otp')) {
      await forgive();
      return false;
    }
    if (newEmail && refused.includes('claim') && !refused.includes('customer')) {
      holder = await findYieldingHolder(newEmail, customer);
      if (!holder) {
        await Promise.all([forgive(), countTakenResponse(network)]);
        return failFields({ attr: 'email', code: 'unique' });
      }
    } else {
      holder = undefined;
      await backOff(attempt);
    }
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}

/**
 * The writes that take away the sessions that have ended, and stop pushes to their devices. One
 * that does not fit into the transaction stays in the table, and is refused all the same.
 */
function leftovers({ open, registered }: SignInState, customerId: number, keeping: number | undefined): Write[] {
  const [gone, staying] = [open.filter(({ id }) => id !== keeping), open.filter(({ id }) => id === keeping)];
  const silent =
    keeping === undefined
      ? registered.map(({ registrationId }) => deactivateDeviceWrite(customerId, registrationId))
      : deactivateDeviceWrites(gone, staying, registered);
  return [...gone.map(sessions.revokeSessionWrite), ...silent];
}
