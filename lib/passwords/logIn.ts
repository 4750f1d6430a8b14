import { again, retry } from '../backOff.ts';
import * as customers from '../customers/customerRepository.ts';
import { fail } from '../errors.ts';
import { readDeviceToken } from '../otp/deviceToken.ts';
import { clientNetwork } from '../rateLimits/clientNetwork.ts';
import { createSessionWrites, type SignInState } from '../sessions/createSession.ts';
import { countSignInWrite } from '../sessions/sessionGeneration.ts';
import { readSignedInDevices } from '../sessions/signOut.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import { type Account, findAccounts, type Identifier, isUnambiguous, readAccount, toLoginKey } from './findAccounts.ts';
import { countDeviceLoginAttempt, countLoginAttempt, type LoginAttempt } from './loginAttempts.ts';
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
export async function logIn({ password, deviceToken, clientIp, ...identifier }: LogIn) {
  const loginKey = toLoginKey(identifier);
  const network = clientNetwork(clientIp);
  const tokenOf = await readDeviceToken(deviceToken);
  const finding = findAccounts(identifier);
  const ownAccount =
    tokenOf === undefined ? undefined : (await finding).find(({ customer }) => customer?.id === tokenOf);
  const deviceAttempt =
    ownAccount && tokenOf !== undefined ? await countDeviceLoginAttempt(loginKey, tokenOf) : undefined;
  if (ownAccount && deviceAttempt) {
    const signedIn = await logInTo([ownAccount], deviceAttempt);
    const isOnlyOne = (await finding).every(({ customer }) => !customer || customer.id === tokenOf);
    if (signedIn || isOnlyOne) return signedIn ?? fail('wrongCredentials');
  }
  // A device token must not help to guess the password of another account with the same identifier.
  const [attempt, accounts] = await Promise.all([countLoginAttempt(loginKey, network), finding]);
  return (await logInTo(accounts, attempt)) ?? fail('wrongCredentials');

  async function logInTo(candidates: readonly Account[], attempt: LoginAttempt) {
    for (const account of candidates) {
      // Read after the customer, so that the list holds the session of every counted sign-in.
      const [isRight, before] = await Promise.all([
        isPassword(password, account.customer && account.password?.hash),
        readSignedInDevices(account.customer?.id ?? customers.noCustomerId),
      ]);
      if (!isRight) continue;
      if (attempt === deviceAttempt || isUnambiguous(identifier, account, candidates)) {
        const [signedIn] = await Promise.all([
          openSession(account, before, password, [attempt.resetThrottle]),
          attempt.succeed(),
        ]);
        return signedIn;
      }
      const signedIn = await openSession(account, before, password);
      await attempt.undo();
      return signedIn;
    }
    return undefined;
  }
}

/**
 * Creates a session. Starts over if another request signs in, rehashes the password or changes it
 * at the same moment.
 */
async function openSession(
  account: Account,
  before: SignInState,
  enteredPassword: string,
  otherWrites: readonly Write[] = [],
) {
  return retry(async () => {
    const { customer, wallet, password } = account;
    if (!customer || !wallet || !password) return fail('wrongCredentials');
    const newHash = isOutdated(password.hash) ? await hashPassword(enteredPassword) : undefined;
    const origin = { registrationId: '', isVerified: false, signIn: customer.signIns + 1 };
    const { session, writes } = createSessionWrites(customer.id, origin, before);
    const [result, phone] = await Promise.all([
      transact([
        passwords.confirmPasswordWrite(customer.id, password, newHash),
        countSignInWrite(customer),
        ...otherWrites,
        ...writes,
      ]),
      customers.readDisplayedPhone(customer),
    ]);
    if (result.done) return { customer, phone, wallet, session };
    const comparedHash = password.hash;
    account = await readAccount(customer.id);
    before = await readSignedInDevices(customer.id);
    const { hash } = account.password ?? {};
    if (hash !== comparedHash && !(await isPassword(enteredPassword, hash))) return fail('wrongCredentials');
    return again;
  });
}
