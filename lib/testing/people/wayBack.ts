import { customerPartition } from '../../table/keys.ts';
import { operate as invokeAsOperator } from '../stage/operators.ts';
import { expectSound } from '../stage/wallet.ts';
import type { Name } from './actions.ts';
import { observe } from './observe.ts';
import { applyChanges } from './operators.ts';
import { type People, type Person, quietStep } from './people.ts';
import { logIn, resetPassword, signIn } from './signIns.ts';
import type { Snapshot } from './snapshot.ts';

type Customer = Snapshot extends Map<number, infer C> ? C : never;

/**
 * Ends a history: suspensions are lifted, waiting changes take effect, and limits expire. Then each
 * owner gets into their accounts with what they hold, or an operator brings the account back.
 */
export async function expectWayBack(people: People): Promise<void> {
  people.step = quietStep;
  for (const id of people.before.keys()) await invokeAsOperator('restoreCustomer', { customer_id: id });
  people.world.advance(4 * 86_400);
  await applyChanges(people);
  await observe(people, []);
  for (const id of people.before.keys()) {
    const account = people.accounts.get(id);
    if (account?.access.size === 1) await expectOwnerEnters(people, people.people[account.owner], id);
    await observe(people, [account?.owner ?? 'amina']);
  }
  await expectSoundWallets(people);
}

async function expectOwnerEnters(people: People, owner: Person, id: number): Promise<void> {
  const customer = people.before.get(id);
  if (!customer) return;
  owner.deviceToken = undefined;
  const entered = (await enterWithHeld(people, owner, customer)) ?? (await enterWithOperator(people, owner, customer));
  if (entered === id) return;
  if (hasLostEverything(people, owner.name, customer)) {
    people.count('an owner has lost everything');
    return;
  }
  throw new Error(`${owner.name} has no way back to the account ${id}, but to ${entered}: ${JSON.stringify(customer)}`);
}

/** Uses the SIM, the mailbox and the password. Each of them that the owner has must let them in. */
async function enterWithHeld(people: People, owner: Person, customer: Customer): Promise<number | undefined> {
  const { id, phoneNumber: phone, email, isEmailVerified, hasPassword, lostEmail } = customer;
  const ways: Record<string, () => Promise<number | undefined>> = {};
  const hasMailbox = isEmailVerified && email === owner.email;
  if (people.holds(owner, phone)) ways.phone = () => signInAgain(people, owner, customer);
  if (hasMailbox) {
    ways.mailbox = async () => {
      const [password] = owner.passwords;
      const isReset = await resetPassword(people, owner, { identifier: { email }, isByEmail: true, password });
      return isReset ? logIn(people, owner, { email, password }) : undefined;
    };
  }
  const identifier = email || (phone ? '' : lostEmail);
  if (hasPassword && identifier) ways.password = () => logInAgain(people, owner, identifier, id);
  let result: number | undefined;
  for (const [name, enter] of Object.entries(ways)) {
    result = await enter();
    if (result !== id) throw new Error(`${owner.name} does not get into ${id} by ${name}, but into ${result}`);
    people.count(`an owner gets in by ${name}`);
    people.world.advance(86_400);
  }
  return result;
}

async function signInAgain(people: People, owner: Person, { phoneNumber: phone, hasPassword }: Customer) {
  const first = { phone, isKnown: false, password: 0, secondProof: hasPassword ? 'password' : 'email' } as const;
  const id = await signIn(people, owner, first);
  if (id !== undefined) return id;
  people.world.advance(600);
  return signIn(people, owner, { ...first, password: 1 });
}

/** The owner remembers which passwords they use, but not which one this account has. */
async function logInAgain(people: People, owner: Person, email: string, id: number): Promise<number | undefined> {
  const entered: (number | undefined)[] = [];
  for (const password of owner.passwords) entered.push(await logIn(people, owner, { email, password }));
  return entered.find((each) => each === id) ?? entered.find(Boolean);
}

async function enterWithOperator(people: People, owner: Person, customer: Customer): Promise<number | undefined> {
  if (customer.phoneNumber) return undefined;
  const phone = people.world.phone();
  people.phones.push(phone);
  people.giveSim(phone, owner.name);
  const result = await invokeAsOperator('assignPhone', { customer_id: customer.id, phone_number: phone });
  if (result.errors) throw new Error(`assignPhone failed: ${JSON.stringify(result)}`);
  people.before.set(customer.id, { ...customer, phoneNumber: phone });
  people.count('an operator brings an account back');
  return signInAgain(people, owner, { ...customer, phoneNumber: phone });
}

/** Another person has the SIM, and the owner has neither mailbox nor password to log in with. */
function hasLostEverything(people: People, owner: Name, customer: Customer): boolean {
  const { phoneNumber, email, isEmailVerified, hasPassword } = customer;
  const isPhoneLost = phoneNumber !== '' && people.holders.get(phoneNumber) !== owner;
  const hasMailbox = isEmailVerified && email === people.people[owner].email;
  return isPhoneLost && !hasMailbox && !(hasPassword && email);
}

async function expectSoundWallets(people: People): Promise<void> {
  for (const id of people.before.keys()) await expectSound(id, await people.world.partition(customerPartition(id)));
}
