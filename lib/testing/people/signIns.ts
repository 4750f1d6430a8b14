import { handler as reauthenticate } from '../../../functions/auth/reauthenticate.ts';
import { handler as refresh } from '../../../functions/auth/refresh.ts';
import { handler as sendOtp } from '../../../functions/auth/sendOtp.ts';
import { handler as authenticate } from '../../../functions/customers/authenticate.ts';
import { handler as updateCustomer } from '../../../functions/customers/update.ts';
import { handler as forget } from '../../../functions/password/forget.ts';
import { handler as login } from '../../../functions/password/login.ts';
import { handler as reset } from '../../../functions/password/reset.ts';
import { handler as signup } from '../../../functions/password/signup.ts';
import type { TestResponse } from '../stage/world.ts';
import type { Action } from './actions.ts';
import { readClaimOwners } from './claims.ts';
import type { HeldSession, People, Person } from './people.ts';
import { mayReset } from './snapshot.ts';

/** The code that a person has read. A person who has read none guesses. */
export const codeOf = (person: Person, address: string) => person.codes.get(address) ?? '000000';

export async function sendCode(people: People, person: Person, phone: string, otp_type: string): Promise<string> {
  const { deviceToken: device_token } = person;
  await people.call(person, sendOtp, { body: { phone_number: phone, otp_type, device_token } });
  return codeOf(person, phone);
}

function keepSession(people: People, person: Person, { body }: TestResponse): number {
  const { customer, access, refresh, device_token } = body;
  const session = customer
    ? { customerId: customer.id, access, refresh }
    : { customerId: body.data.id, access: body.data.token, refresh: body.data.refresh_token };
  person.sessions.unshift({ ...session, issuedAtMs: Date.now() });
  person.deviceToken = device_token ?? body.data?.device_token;
  const account = people.accounts.get(session.customerId);
  if (account) account.usedAtSeconds = Math.floor(Date.now() / 1000);
  return session.customerId;
}

type SignIn = Omit<Action<'signIn'>, 'kind' | 'actor' | 'phone'> & { phone: string };

/** Signs in by OTP, with a second proof if it is required. Returns the customer's id. */
export async function signIn(people: People, person: Person, { phone, ...options }: SignIn) {
  const otp = await sendCode(people, person, phone, 'customer_auth');
  const device = { registration_id: `${person.email}:${options.isKnown ? 'own' : Date.now()}` };
  const device_token = options.isKnown ? person.deviceToken : undefined;
  const body = { phone_number: phone, otp, device, language: 'en', device_token };
  const first = await people.call(person, authenticate, { body });
  const isRequired = first.body.errors?.[0]?.code === 'second_proof_required';
  if (isRequired) people.count('a second proof is required');
  const proofs = {
    password: { password: person.passwords[options.password] },
    email: { email_otp: codeOf(person, person.email) },
    new: { new_account: true },
    none: {},
  };
  const secondProof = proofs[options.secondProof as keyof typeof proofs];
  const response = isRequired ? await people.call(person, authenticate, { body: { ...body, ...secondProof } }) : first;
  if (!response.body.access) return undefined;
  if (isRequired) people.count(`signed in with the second proof "${options.secondProof}"`);
  const id = keepSession(people, person, response);
  if (response.status === 201) {
    const token = response.body.access;
    await people.call(person, updateCustomer, { method: 'PATCH', token, body: { full_name: person.marker } });
  }
  return id;
}

interface Credentials {
  email: string;
  password: string;
  isKnown?: boolean;
}

/** Logs in with a password. Returns the customer's id. */
export async function logIn(people: People, person: Person, { email, password, isKnown }: Credentials) {
  const body = { email, password, device_token: isKnown ? person.deviceToken : undefined };
  const response = await people.call(person, login, { body });
  return response.status === 200 ? keepSession(people, person, response) : undefined;
}

export async function signUp(people: People, person: Person, account: { phone: string } & Credentials) {
  const { phone, email, password } = account;
  const names = { name: person.marker, last_name: 'Hassan', birthdate: '1990-05-17' };
  const response = await people.call(person, signup, { body: { ...names, phone, email, password } });
  if (response.status === 200) keepSession(people, person, response);
}

type Reset = Pick<Action<'reset'>, 'isByEmail'> & {
  identifier: { phone: string } | { email: string };
  password: string;
};

/** Sets a new password with an OTP, and checks that the person may have got one. */
export async function resetPassword(people: People, person: Person, { identifier, isByEmail, password }: Reset) {
  const channel = isByEmail ? 'email' : undefined;
  await people.call(person, forget, { body: { ...identifier, channel } });
  const mayHave = [...person.codes].filter(([address]) => (address === person.email) === isByEmail);
  const owners = await readClaimOwners(identifier);
  for (const [, token] of mayHave) {
    const response = await people.call(person, reset, { body: { ...identifier, token, password } });
    if (response.status !== 200) continue;
    people.count('a password is reset');
    owners.push(...(await readClaimOwners(identifier)));
    const entered = owners.filter((id) => mayHaveReset(people, person, id));
    if (entered.length === 0) throw new Error(`${person.name} resets the password of another: ${owners}`);
    for (const id of entered) people.accounts.get(id)?.access.add(person.name);
    return true;
  }
  return false;
}

function mayHaveReset(people: People, person: Person, id: number): boolean {
  const account = people.accounts.get(id);
  if (!account || account.access.has(person.name)) return true;
  const holder = { holds: (phone: string) => people.holds(person, phone), email: person.email };
  return mayReset(people.before.get(id), account.usedAtSeconds, holder);
}

const accessDays = 9;

/** Returns a session of a person, with a valid access token. A person without one signs in. */
export async function findSession(people: People, person: Person): Promise<HeldSession | undefined> {
  for (;;) {
    const [session] = person.sessions;
    if (!session) break;
    if (Date.now() - session.issuedAtMs < accessDays * 86_400_000) return session;
    if (await refreshSession(people, person, session)) return session;
  }
  const phone = people.phones.find((each) => people.holds(person, each));
  if (phone) await signIn(people, person, { phone, isKnown: true, secondProof: 'password', password: 0 });
  return person.sessions[0];
}

/** Refreshes a session, or drops it if it has ended. */
export async function refreshSession(people: People, person: Person, session: HeldSession): Promise<boolean> {
  const { status, body } = await people.call(person, refresh, { body: { refresh: session.refresh } });
  if (status === 200) {
    Object.assign(session, { access: body.access, refresh: body.refresh, issuedAtMs: Date.now() });
    return true;
  }
  person.sessions = person.sessions.filter((each) => each !== session);
  return false;
}

/** Confirms a person's identity in a session, before a change that needs it. */
export async function prove(people: People, person: Person, proof: string, session: HeldSession): Promise<void> {
  const { access: token, customerId } = session;
  if (proof === 'password') {
    for (const password of person.passwords) await people.call(person, reauthenticate, { token, body: { password } });
  }
  const phone = people.before.get(customerId)?.phoneNumber;
  if (proof !== 'otp' || !phone) return;
  const otp = await sendCode(people, person, phone, 'reauthentication');
  await people.call(person, reauthenticate, { token, body: { otp } });
}
