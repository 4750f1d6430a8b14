import { nowSeconds } from '../clock.ts';
import { fail } from '../errors.ts';
import * as customers from '../repositories/customers.ts';
import * as loginFailures from '../repositories/loginFailures.ts';
import * as passwords from '../repositories/passwords.ts';
import { transact } from '../repositories/table.ts';
import { findAccount, type Identifier } from './account.ts';
import { clientNetwork } from './clientNetwork.ts';
import { opening } from './opening.ts';
import { hashPassword, isOutdated, isPassword } from './passwords.ts';

interface LogIn extends Identifier {
  password: string;
  clientAddress: string;
}

/**
 * Signs the owner of a password in. Whatever is wrong, the same is done and answered: the try is counted before, the same
 * items are read, and one password is hashed.
 * @throws wrongCredentials, throttled
 */
export async function logIn({ password: typed, clientAddress, ...identifier }: LogIn) {
  const name = identifier.email ?? identifier.phone?.number ?? '';
  const [tried, account] = await Promise.all([
    loginFailures.takeTry(name, clientNetwork(clientAddress), nowSeconds()),
    findAccount(identifier),
  ]);
  if (!tried.done) return fail('throttled', { retryAfterSeconds: tried.waitSeconds });
  const { customer, wallet, password } = account;
  const isRight = await isPassword(typed, customer && password?.hash);
  if (!isRight || !customer || !wallet || !password) return fail('wrongCredentials');

  const hashedAnew = isOutdated(password.hash) ? await hashPassword(typed) : undefined;
  const { session, writes } = opening(customer.id, { registrationId: '', isProven: false }, account);
  const [result, phone] = await Promise.all([
    transact([
      passwords.confirmation(customer.id, password, hashedAnew),
      customers.signingIn(customer.id),
      tried.success,
      ...writes,
    ]),
    customers.shownPhone(customer),
  ]);
  if (!result.done) return result.refused[0] || result.refused[1] ? fail('wrongCredentials') : fail('throttled');
  return { customer, phone, wallet, session };
}
