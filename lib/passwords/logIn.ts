import { attempts, backOff } from '../backOff.ts';
import * as customers from '../customers/customerRepository.ts';
import { fail } from '../errors.ts';
import { readDeviceToken } from '../otp/deviceToken.ts';
import { clientNetwork } from '../rateLimits/clientNetwork.ts';
import { createSessionWrites, type SignInState } from '../sessions/createSession.ts';
import { countSignInWrite } from '../sessions/sessionGeneration.ts';
import { readSignedInDevices } from '../sessions/signOut.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import {
  type Account,
  findAccounts,
  type Identifier,
  isUnambiguous,
  noCustomerId,
  readAccount,
  toLoginKey,
} from './findAccounts.ts';
import { countLoginAttempt, type LoginAttempt } from './loginAttempts.ts';
import { hashPassword, isOutdated, isPassword } from './passwordHash.ts';
import * as passwords from './passwordRepository.ts';

interface LogIn extends Identifier {
  password: string;
  deviceToken: string | null | undefined;
  clientIp: string;
}

/**
 * Signs in the owner of a password. Every failure takes the same steps and gets the same response:
 * it counts the attempt, reads the same items and hashes as many passwords.
 * @throws wrongCredentials, throttled
 */
export async function logIn({ password: typed, deviceToken, clientIp, ...identifier }: LogIn) {
  const name = toLoginKey(identifier);
  const network = clientNetwork(clientIp);
  const tokenOf = await readDeviceToken(deviceToken);
  const finding = findAccounts(identifier);
  const own = tokenOf === undefined ? undefined : (await finding).find(({ customer }) => customer?.id === tokenOf);
  if (own) {
    const opened = await logInTo([own], await countLoginAttempt(name, network, tokenOf));
    const isOnlyOne = (await finding).every(({ customer }) => !customer || customer.id === tokenOf);
    if (opened || isOnlyOne) return opened ?? fail('wrongCredentials');
  }
  // A device token must not help to guess the password of another account with the same identifier.
  const [tried, accounts] = await Promise.all([countLoginAttempt(name, network, undefined), finding]);
  return (await logInTo(accounts, tried)) ?? fail('wrongCredentials');

  async function logInTo(candidates: readonly Account[], tried: LoginAttempt) {
    for (const account of candidates) {
      // Read after the customer, so that the list holds the session of every counted sign-in.
      const [isRight, before] = await Promise.all([
        isPassword(typed, account.customer && account.password?.hash),
        readSignedInDevices(account.customer?.id ?? noCustomerId),
      ]);
      if (!isRight) continue;
      if (account === own || isUnambiguous(identifier, account, candidates)) {
        const [opened] = await Promise.all([openSession(account, before, typed, [tried.forgetting]), tried.succeed()]);
        return opened;
      }
      const opened = await openSession(account, before, typed);
      await tried.undo();
      return opened;
    }
    return undefined;
  }
}

/**
 * Creates a session. Starts over if another request signs in, rehashes the password or changes it
 * at the same moment.
 */
async function openSession(account: Account, before: SignInState, typed: string, also: readonly Write[] = []) {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { customer, wallet, password } = account;
    if (!customer || !wallet || !password) return fail('wrongCredentials');
    const hashedAnew = isOutdated(password.hash) ? await hashPassword(typed) : undefined;
    const origin = { registrationId: '', isProven: false, signIn: customer.signIns + 1 };
    const { session, writes } = createSessionWrites(customer.id, origin, before);
    const [result, phone] = await Promise.all([
      transact([
        passwords.confirmPasswordWrite(customer.id, password, hashedAnew),
        countSignInWrite(customer),
        ...also,
        ...writes,
      ]),
      customers.readDisplayedPhone(customer),
    ]);
    if (result.done) return { customer, phone, wallet, session };
    await backOff(attempt);
    const compared = password.hash;
    account = await readAccount(customer.id);
    before = await readSignedInDevices(customer.id);
    const { hash } = account.password ?? {};
    if (hash !== compared && !(await isPassword(typed, hash))) return fail('wrongCredentials');
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}
