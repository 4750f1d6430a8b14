import { handler as getCustomer } from '../../../functions/customers/get.ts';
import { handler as applyDueChanges } from '../../../functions/workers/applyPhoneChanges.ts';
import { operate as invokeAsOperator } from '../stage/operators.ts';
import { adjustWallet, codeOf } from '../stage/wallet.ts';
import type { TestResponse } from '../stage/world.ts';
import type { People, Person } from './people.ts';

const pickAccount = (people: People, pick: number): number | undefined => {
  const ids = [...people.accounts.keys()];
  return ids[pick % ids.length];
};

export const applyChanges = (_: People): Promise<void> => applyDueChanges();

export async function operate(people: People, name: string, pick: number): Promise<void> {
  const customer_id = pickAccount(people, pick);
  if (customer_id === undefined) return;
  const result = await invokeAsOperator(name, { customer_id });
  if (!result.errors) people.count(name);
}

/** An operator assigns a phone only to a person who holds it, and who owns the account. */
export async function assignPhone(people: People, pick: number, phone_number: string): Promise<void> {
  const customer_id = pickAccount(people, pick);
  const holder = people.holders.get(phone_number);
  const access = people.accounts.get(customer_id ?? 0)?.access;
  if (!holder || !access?.has(holder)) return;
  const result = await invokeAsOperator('assignPhone', { customer_id, phone_number });
  if (!result.errors) people.count('assignPhone');
}

export async function credit(people: People, pick: number): Promise<void> {
  const id = pickAccount(people, pick);
  if (id !== undefined) await adjustWallet(id, { amount: '10.00' });
}

/** Pays an order with the wallet of the account that a session belongs to. */
export async function order(people: People, person: Person, token: string): Promise<TestResponse> {
  const response = await people.call(person, getCustomer, { method: 'GET', token });
  if (response.status !== 200) return response;
  const { id } = response.body;
  await adjustWallet(id, { amount: '2.00' });
  const payment = await adjustWallet(id, { transaction_type: 'ORDER_PAYMENT', amount: '1.00' });
  const isFrozen = Boolean(people.before.get(id)?.phoneChange);
  const { isAlone, fault } = people.step;
  if (isFrozen && isAlone && !fault && !codeOf(payment)) throw new Error(`Money leaves the frozen wallet of ${id}.`);
  people.count(`an order: ${codeOf(payment) ?? 'paid'}`);
  return response;
}
