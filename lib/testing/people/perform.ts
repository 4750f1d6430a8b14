import { handler as logoutAllDevices } from '../../../functions/auth/logoutAllDevices.ts';
import { handler as cancelPhoneChange } from '../../../functions/customers/cancelPhoneChange.ts';
import { handler as changePhone } from '../../../functions/customers/changePhone.ts';
import { handler as deleteCustomer } from '../../../functions/customers/delete.ts';
import { handler as requestPhoneChange } from '../../../functions/customers/requestPhoneChange.ts';
import { handler as setEmail } from '../../../functions/customers/setEmail.ts';
import { handler as updateCustomer } from '../../../functions/customers/update.ts';
import { handler as verifyEmail } from '../../../functions/customers/verifyEmail.ts';
import { handler as setPassword } from '../../../functions/password/set.ts';
import { handler as verifyPhone } from '../../../functions/password/verifyPhone.ts';
import { lambdaContext, restEvent } from '../stage/event.ts';
import { loadFunction } from '../stage/invoke.ts';
import type { TestResponse } from '../stage/world.ts';
import { type Action, otherOf, type Phone } from './actions.ts';
import { applyChanges, assignPhone, credit, operate, order } from './operators.ts';
import type { HeldSession, People, Person } from './people.ts';
import {
  codeOf,
  findSession,
  logIn,
  prove,
  refreshSession,
  resetPassword,
  sendCode,
  signIn,
  signUp,
} from './signIns.ts';

interface Actor {
  people: People;
  person: Person;
  phoneOf: (action: { phone: Phone }) => string;
  emailOf: (email: 'own' | 'other') => string;
}

type Perform<K extends Action['kind']> = (actor: Actor, action: Action<K>) => Promise<unknown>;

/** Runs an action in a session. Afterwards, the client drops a session that has ended. */
function inSession<K extends Action['kind']>(
  run: (actor: Actor & { session: HeldSession; token: string }, action: Action<K>) => Promise<TestResponse | undefined>,
): Perform<K> {
  return async (actor, action) => {
    const { people, person } = actor;
    const session = await findSession(people, person);
    if (!session) return;
    if ('proof' in action && typeof action.proof === 'string') await prove(people, person, action.proof, session);
    const response = await run({ ...actor, session, token: session.access }, action);
    if (response && response.status < 300) people.count(action.kind);
    if (response?.status === 401) person.sessions = person.sessions.filter((each) => each !== session);
  };
}

async function cancelByLink({ people, person }: Actor): Promise<void> {
  const link = person.links.at(-1);
  if (!link) return;
  const open = await loadFunction('customersPhoneChangeLink');
  const resource = '/api/phone-changes/{link}';
  const headers = { Accept: 'text/html' };
  const { statusCode } = await open(restEvent({ resource, params: { link }, headers }), lambdaContext());
  if (statusCode !== 200 && !people.step.fault) throw new Error(`The link returned ${statusCode}.`);
}

const performs: { [K in Action['kind']]: Perform<K> } = {
  signIn: ({ people, person, phoneOf }, action) => signIn(people, person, { ...action, phone: phoneOf(action) }),
  settle: async ({ people, person, phoneOf }, { isByEmail, password, ...action }) => {
    await signIn(people, person, { phone: phoneOf(action), isKnown: true, secondProof: 'password', password });
    const [session] = person.sessions;
    if (!session) return;
    const { email } = person;
    if (isByEmail) {
      await people.call(person, setEmail, { token: session.access, body: { email } });
      const body = { otp: codeOf(person, email) };
      await people.call(person, verifyEmail, { token: session.access, body });
    } else {
      const body = { email, password: person.passwords[password] };
      await people.call(person, setPassword, { token: session.access, body });
    }
  },
  takeOver: async ({ people, person }, { isLate, isReset, secondProof, password }) => {
    const accounts = [...people.before.values()].toReversed();
    const phone = accounts.find(({ phoneNumber }) => phoneNumber && !people.holds(person, phoneNumber))?.phoneNumber;
    if (!phone) return;
    people.giveSim(phone, person.name);
    if (isLate) people.world.advance(400 * 86_400);
    const newPassword = person.passwords[password] ?? '';
    if (isReset)
      await resetPassword(people, person, { identifier: { phone }, isByEmail: false, password: newPassword });
    else await signIn(people, person, { phone, isKnown: false, secondProof, password });
  },
  signUp: ({ people, person, phoneOf, emailOf }, action) =>
    signUp(people, person, {
      phone: phoneOf(action),
      email: emailOf(action.email),
      password: person.passwords[action.password] ?? '',
    }),
  logIn: ({ people, person, emailOf }, { email, password, isKnown }) =>
    logIn(people, person, {
      email: emailOf(email),
      password: person.passwords[password] ?? '',
      isKnown,
    }),
  reset: ({ people, person, phoneOf, emailOf }, action) =>
    resetPassword(people, person, {
      identifier: action.by === 'phone' ? { phone: phoneOf(action) } : { email: emailOf(action.email) },
      isByEmail: action.isByEmail,
      password: person.passwords[action.password] ?? '',
    }),
  setEmail: inSession(async ({ people, person, emailOf, token }, action) => {
    const email = emailOf(action.email);
    const sent = await people.call(person, setEmail, { token, body: { email } });
    if (sent.status !== 202 || !action.isVerified) return sent;
    return people.call(person, verifyEmail, { token, body: { otp: codeOf(person, email) } });
  }),
  verifyEmail: inSession(({ people, person, token }) =>
    people.call(person, verifyEmail, { token, body: { otp: codeOf(person, person.email) } }),
  ),
  patchEmail: inSession(({ people, person, emailOf, token }, action) => {
    const email = action.email === 'none' ? '' : emailOf(action.email);
    return people.call(person, updateCustomer, { method: 'PATCH', token, body: { email } });
  }),
  setPassword: inSession(({ people, person, emailOf, token }, action) => {
    const email = action.email === 'none' ? undefined : emailOf(action.email);
    return people.call(person, setPassword, { token, body: { email, password: person.passwords[action.password] } });
  }),
  changePhone: inSession(async ({ people, person, phoneOf, token }, action) => {
    const phone_number = phoneOf(action);
    const otp = await sendCode(people, person, phone_number, 'phone_change');
    return people.call(person, changePhone, { token, body: { phone_number, otp } });
  }),
  requestChange: inSession(async ({ people, person, phoneOf, session, token }, action) => {
    const phone_number = phoneOf(action);
    const otp = await sendCode(people, person, phone_number, 'phone_change');
    const response = await people.call(person, requestPhoneChange, { token, body: { phone_number, otp } });
    session.phoneChangeId = response.body.id ?? session.phoneChangeId;
    return response;
  }),
  cancelChange: (actor, action) => (action.isByLink ? cancelByLink(actor) : cancelInSession(actor, action)),
  verifyPhone: inSession(async ({ people, person, phoneOf, token }, action) => {
    const phone = phoneOf(action);
    const sent = await people.call(person, verifyPhone, { token, body: { phone } });
    if (sent.status !== 409) return sent;
    return people.call(person, verifyPhone, { token, body: { phone, verification_code: codeOf(person, phone) } });
  }),
  refresh: async ({ people, person }) => {
    const [session] = person.sessions;
    if (session && (await refreshSession(people, person, session))) people.count('refresh');
  },
  order: inSession(({ people, person, token }) => order(people, person, token)),
  logOutAll: inSession(({ people, person, token }) => people.call(person, logoutAllDevices, { token })),
  remove: inSession(({ people, person, token }) => people.call(person, deleteCustomer, { method: 'DELETE', token })),
  loseSim: async ({ people, phoneOf }, action) => {
    const phone = phoneOf(action);
    people.giveSim(phone, otherOf(people.holders.get(phone) ?? 'amina'));
  },
  applyChanges: ({ people }) => applyChanges(people),
  operate: ({ people }, { name, pick }) => operate(people, name, pick),
  assignPhone: ({ people, phoneOf }, action) => assignPhone(people, action.pick, phoneOf(action)),
  credit: ({ people }, { pick }) => credit(people, pick),
};

const cancelInSession = inSession<'cancelChange'>(({ people, person, session, token }) =>
  people.call(person, cancelPhoneChange, {
    method: 'DELETE',
    token,
    params: { id: String(session.phoneChangeId ?? 1) },
  }),
);

/** Performs an action of a person. A person uses only what they hold. */
export async function perform(people: People, action: Action): Promise<unknown> {
  const person = people.people[action.actor];
  const isChange = action.kind === 'changePhone' || action.kind === 'requestChange';
  const current = isChange ? people.before.get(person.sessions[0]?.customerId ?? 0)?.phoneNumber : undefined;
  const phoneOf = ({ phone: { isHeld, index } }: { phone: Phone }) => {
    const held = people.phones.filter((each) => people.holds(person, each) && each !== current);
    const choices = isHeld && held.length > 0 ? held : people.phones;
    return choices[index % choices.length] ?? '';
  };
  const emailOf = (email: 'own' | 'other') => people.people[email === 'own' ? person.name : otherOf(person.name)].email;
  const run = performs[action.kind] as Perform<Action['kind']>;
  return run({ people, person, phoneOf, emailOf }, action);
}
