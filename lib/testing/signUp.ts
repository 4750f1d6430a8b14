import { handler as login } from '../../functions/password/login.ts';
import { handler as signup } from '../../functions/password/signup.ts';
import { handler as verifyPhone } from '../../functions/password/verifyPhone.ts';
import { addressOf } from './signIn.ts';
import type { Answer, World } from './world.ts';

export interface Account {
  id: number;
  email: string;
  phone: string;
  password: string;
  token: string;
  refresh: string;
}

let accounts = 0;

/** A body to sign up with that nobody else has used. */
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

/** Somebody who signed up with a password; their phone is not verified. */
export async function signUp(world: World, changes: object = {}): Promise<Account> {
  const wanted = newAccount(world, changes);
  const { status, body } = await world.call(signup, { body: wanted, clientIp: addressOf(wanted.phone) });
  if (status !== 200) throw new Error(`Sign-up failed: ${JSON.stringify(body)}`);
  const { id, token, refresh_token: refresh } = body.data;
  return { id, email: wanted.email, phone: wanted.phone, password: wanted.password, token, refresh };
}

/**
 * Tries to log in, by e-mail unless told otherwise; each call from another client address unless
 * told which.
 */
export function logIn(
  world: World,
  { email, password }: Pick<Account, 'email' | 'password'>,
  { clientIp }: { clientIp?: string } = {},
): Promise<Answer> {
  return world.call(login, { body: { email, password }, clientIp: clientIp ?? nextAddress() });
}

/** Has a code sent to the phone of an account and brings it back. */
export async function verify(world: World, { token, phone }: Account): Promise<Answer> {
  const clientIp = addressOf(phone);
  const asked = await world.call(verifyPhone, { token, clientIp });
  if (asked.status !== 409) throw new Error(`No code was sent: ${JSON.stringify(asked.body)}`);
  return world.call(verifyPhone, { token, clientIp, body: { verification_code: world.codeFor(phone) } });
}

/** Has passwords cost next to nothing, and nobody wait, wherever a test is not about that. */
export function cheapPasswords(world: World): void {
  world.set({ PASSWORD_MEMORY_KIB: '64', PASSWORD_PASSES: '1', PASSWORD_REQUEST_MS: '1' });
}

let addresses = 0;
export function nextAddress(): string {
  addresses += 1;
  return `192.0.${Math.floor(addresses / 250)}.${addresses % 250}`;
}
