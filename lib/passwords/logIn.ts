import { again, retry } from '../backOff.ts';
import * as customers from '../customers/customerRepository.ts';
import { deleteDueWrites } from '../customers/phoneChange.ts';
import { announceCancelled } from '../customers/phoneChangeNotices.ts';
import { adoptPhone } from '../customers/phoneClaims.ts';
import { failSuspended, isSuspended } from '../customers/suspension.ts';
import { fail } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import { findRecord } from '../idempotency/idempotencyRecord.ts';
import { readDeviceToken } from '../otp/deviceToken.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { createSessionWrites } from '../sessions/createSession.ts';
import { findRecordedSession, recordSessionWrite, toSignInRequest } from '../sessions/repeatedSignIn.ts';
import { countSignInWrite } from '../sessions/sessionGeneration.ts';
import { readSessionsAndDevices, type SignInState } from '../sessions/signOut.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import { type Account, findAccounts, type Identifier, isUnambiguous, readAccount, toLoginKey } from './findAccounts.ts';
import { countDeviceLoginAttempt, countLoginAttempt, type LoginAttempt } from './loginAttempts.ts';
import { hashPassword, isOutdated, matchesHash } from './passwordHash.ts';
import * as passwords from './passwordRepository.ts';

interface LogIn extends Identifier {
  password: string;
  deviceToken: string | null | undefined;
  clientIp: string;
  idempotency: IdempotentRequest | undefined;
}

/**
 * Signs in the owner of a password. Every failure takes the same steps and gets the same response:
 * it counts the attempt, reads the same items and hashes as many passwords. A client that lost the
 * response gets the same session again, if it sends the same idempotency key, or the account's
 * device token.
 * @throws wrongCredentials, limitExceeded, throttled, idempotencyKeyConflict; accountSuspended once
 * the password was right
 */
export async function logIn({ password, deviceToken, clientIp, idempotency, ...identifier }: LogIn) {
  const loginKey = toLoginKey(identifier);
  const network = toClientNetwork(clientIp);
  const tokenCustomerId = await readDeviceToken(deviceToken);
  const finding = findAccounts(identifier);
  const ownAccount =
    tokenCustomerId === undefined
      ? undefined
      : (await finding).find(({ customer }) => customer?.id === tokenCustomerId);
  const deviceAttempt =
    ownAccount && tokenCustomerId !== undefined ? await countDeviceLoginAttempt(loginKey, tokenCustomerId) : undefined;
  if (ownAccount && deviceAttempt) {
    const signedIn = await logInTo([ownAccount], deviceAttempt);
    const isOnlyAccount = (await finding).every(({ customer }) => !customer || customer.id === tokenCustomerId);
    if (signedIn || isOnlyAccount) return signedIn ?? fail('wrongCredentials');
  }
  // A device token must not help to guess the password of another account with the same identifier.
  const [attempt, accounts] = await Promise.all([countLoginAttempt(loginKey, network), finding]);
  return (await logInTo(accounts, attempt)) ?? fail('wrongCredentials');

  async function logInTo(candidates: readonly Account[], attempt: LoginAttempt) {
    for (const account of candidates) {
      // The sessions are read after the customer, so that they include every counted sign-in.
      const [isRight, before] = await Promise.all([
        matchesHash(password, account.customer && account.password?.hash),
        readSessionsAndDevices(account.customer?.id ?? customers.noCustomerId),
      ]);
      if (!isRight) continue;
      if (account.customer && isSuspended(account.customer)) {
        await attempt.undo();
        return failSuspended(account.customer, account.customer.language);
      }
      const isNewDevice = account.customer?.id !== tokenCustomerId;
      // Without a key, a device token identifies the device. The network alone does not.
      const keyed = idempotency ?? (isNewDevice ? undefined : { keyHash: '', requestHash: '' });
      const request = keyed && toSignInRequest(keyed, { network, deviceToken });
      if (attempt === deviceAttempt || isUnambiguous(account, candidates)) {
        const otherWrites = [attempt.resetFailures];
        const [signedIn] = await Promise.all([
          createSession(account, before, { password, isNewDevice, request, otherWrites }),
          attempt.undoSharedCounts(),
        ]);
        return signedIn;
      }
      const signedIn = await createSession(account, before, { password, isNewDevice, request });
      await attempt.undo();
      return signedIn;
    }
    return undefined;
  }
}

interface NewSession {
  password: string;
  isNewDevice: boolean;
  request: IdempotentRequest | undefined;
  otherWrites?: readonly Write[];
}

/**
 * Creates a session, or finds the one of the same request. Starts over if another request signs in,
 * rehashes the password or changes it at the same moment.
 */
async function createSession(
  account: Account,
  before: SignInState,
  { password: enteredPassword, isNewDevice, request, otherWrites = [] }: NewSession,
) {
  return retry(async () => {
    const { customer, wallet, password } = account;
    if (!customer || !wallet || !password) return fail('wrongCredentials');
    if (isSuspended(customer)) return failSuspended(customer, customer.language);
    const record = request && (await findRecord(customer.id, request));
    const repeated = record && (await findRecordedSession(customer.id, record));
    if (repeated) {
      if (otherWrites.length > 0) await transact(otherWrites);
      return repeated;
    }
    const newHash = isOutdated(password.hash) ? await hashPassword(enteredPassword) : undefined;
    const origin = { registrationId: '', signIn: customer.signIns + 1, isNewDevice };
    const { session, writes } = createSessionWrites(customer.id, origin, before);
    const [result, adopted] = await Promise.all([
      transact([
        passwords.confirmPasswordWrite(customer.id, password, newHash),
        countSignInWrite(customer),
        ...deleteDueWrites(customer),
        ...otherWrites,
        ...(request ? [recordSessionWrite(session, request, record)] : []),
        ...writes,
      ]),
      adoptPhone(customer),
    ]);
    if (result.done) {
      await announceCancelled(customer);
      return { customer: adopted, wallet, session };
    }
    const comparedHash = password.hash;
    account = await readAccount(customer.id);
    before = await readSessionsAndDevices(customer.id);
    const { hash } = account.password ?? {};
    if (hash !== comparedHash && !(await matchesHash(enteredPassword, hash))) return fail('wrongCredentials');
    return again;
  });
}
