import { handler as login } from '../../../functions/password/login.ts';
import { handler as signup } from '../../../functions/password/signup.ts';
import { handler as verifyPhone } from '../../../functions/password/verifyPhone.ts';
import { addressOf } from './signIn.ts';
import type { TestResponse, World } from './world.ts';

export interface Account {
  id: number;
  email: string;
  phone: string;
  password: string;
  token: string;
  refresh: string;
}

let accounts = 0;

/** Returns a unique body for a sign-up. */
export function newAccount(world: World, changes: object = {}) {
  accounts += 1;
  return {
    name: 'Mona',
    last_name: 'Hassan',
    email: `mona${accounts}@example.com`,
    phone: world.phone(),
    password: `blue tea ${accounts} cups`,
    birthdate: '1990-05-17',
    ...changes,
  };
}

/** Signs up a customer with a password and an unverified phone. */
export async function signUp(world: World, changes: object = {}): Promise<Account> {
  const account = newAccount(world, changes);
  const { status, body } = await world.call(signup, { body: account, clientIp: addressOf(account.phone) });
  if (status !== 200) throw new Error(`Sign-up failed: ${JSON.stringify(body)}`);
  const { id, token, refresh_token: refresh } = body.data;
  return { id, email: account.email, phone: account.phone, password: account.password, token, refresh };
}

/** Attempts a log-in by e-mail. Each attempt comes from another IP address by default. */
export function logIn(
  world: World,
  { email, password }: Pick<Account, 'email' | 'password'>,
  { clientIp }: { clientIp?: string } = {},
): Promise<TestResponse> {
  return world.call(login, { body: { email, password }, clientIp: clientIp ?? nextAddress() });
}

/** Verifies a phone for an account with an OTP. */
export async function verify(world: World, { token, phone }: Pick<Account, 'token' | 'phone'>): Promise<TestResponse> {
  const clientIp = addressOf(phone);
  const response = await world.call(verifyPhone, { token, clientIp, body: { phone } });
  if (response.status !== 409) throw new Error(`No code was sent: ${JSON.stringify(response.body)}`);
  return world.call(verifyPhone, { token, clientIp, body: { phone, verification_code: world.otpFor(phone) } });
}

/**
 * Makes passwords cheap to hash and failed attempts free of waiting, for tests about other things.
 */
export function cheapPasswords(world: World): void {
  world.set({ PASSWORD_MEMORY_KIB: '64', PASSWORD_PASSES: '1', PASSWORD_REQUEST_MS: '1' });
}

let addresses = 0;
export function nextAddress(): string {
  addresses += 1;
  return `192.0.${Math.floor(addresses / 250)}.${addresses % 250}`;
}
