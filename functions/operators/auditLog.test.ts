import { randomUUID } from 'node:crypto';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { operate, operator } from '../../lib/testing/stage/operators.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { adjustWallet } from '../../lib/testing/stage/wallet.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';

const world = useWorld();

const list = (event: object = {}) => invoke('auditLog', event);
const notify = (event: object) =>
  invoke('notify', {
    notification_type: 'other',
    title: { en: 'Secret title', ar: 'عنوان' },
    message_body: { en: 'Secret text', ar: 'نص' },
    idempotency_key: randomUUID(),
    ...event,
  });
const entry = (action: string, customer_id: number | null, details: object = {}) => ({
  id: expect.any(Number),
  action,
  ...operator,
  customer_id,
  details,
  created_at: expect.stringMatching(/Z$/),
});

test('every change of an operator is in the list of its customer, newest first', async () => {
  const { customer, phone } = await signIn(world);
  const { id } = customer;
  const { id: entry_id } = await adjustWallet(id, operator);
  await notify({ customer_ids: [id], ...operator });
  for (const name of ['endSessions', 'suspendCustomer', 'restoreCustomer']) {
    world.advance(1);
    await operate(name, { customer_id: id });
  }
  world.advance(1);
  await operate('unlockPhone', { phone_number: phone });
  const { results, next, previous } = await list({ customer_id: id });
  expect([next, previous]).toEqual([null, null]);
  const of = (action: string) => results.find((result: { action: string }) => result.action === action);
  expect(results.slice(0, 4)).toEqual([
    entry('unlockPhone', id, { country: 'EG' }),
    entry('restoreCustomer', id),
    entry('suspendCustomer', id, { until: null, sessions_ended: 0 }),
    entry('endSessions', id, { sessions_ended: 1 }),
  ]);
  const adjusted = { entry_id, transaction_type: 'CHARGING', amount: '100.00', currency: 'EGP', reference: 'test' };
  expect(of('walletAdjust')).toEqual(entry('walletAdjust', id, adjusted));
  const notified = { idempotency_key_hash: expect.any(String), notification_type: 'other', customers: 1 };
  expect(of('notify')).toEqual(entry('notify', id, notified));
  expect(results).toHaveLength(6);
});

test('the list of all changes has those without a customer too', async () => {
  world.advance(60);
  await invoke('changeSettings', { set: { supportPhone: '19999' }, remove: ['old'], ...operator });
  expect((await list()).results[0]).toEqual(entry('changeSettings', null, { set: ['supportPhone'], removed: ['old'] }));
  world.advance(1);
  await notify({ country: 'EG', ...operator });
  const details = {
    idempotency_key_hash: expect.any(String),
    notification_type: 'other',
    country: 'EG',
    language: null,
  };
  expect((await list()).results[0]).toEqual(entry('notify', null, details));
});

test('functions that were published without an operator log a change without one', async () => {
  const { customer } = await signIn(world);
  await adjustWallet(customer.id);
  const [result] = (await list({ customer_id: customer.id })).results;
  expect(result).toMatchObject({ action: 'walletAdjust', operator: null, reason: null });
  expect(await adjustWallet(customer.id, { operator: ' ' })).toMatchObject({
    errors: [{ attr: 'operator', code: 'blank' }],
  });
});

test('a change is logged once, however often its request is repeated', async () => {
  const { customer } = await signIn(world);
  const key = randomUUID();
  await Promise.all(Array.from({ length: 5 }, () => adjustWallet(customer.id, { idempotency_key: key, ...operator })));
  const broadcast = { customer_ids: [customer.id], idempotency_key: randomUUID() };
  for (let repeat = 0; repeat < 3; repeat++) await notify(broadcast);
  expect((await list({ customer_id: customer.id })).results).toHaveLength(2);
});

test('a rejected change is not logged', async () => {
  const { customer } = await signIn(world);
  const event = { transaction_type: 'PAYOUT', ...operator };
  expect(await adjustWallet(customer.id, event)).toMatchObject({ errors: [{ code: 'insufficient_funds' }] });
  await operate('restoreCustomer', { customer_id: customer.id });
  await invoke('changeSettings', operator);
  expect((await list({ customer_id: customer.id })).results).toEqual([]);
});

test.each([
  ['walletAdjust', (id: number) => adjustWallet(id, operator)],
  ['notify', (id: number) => notify({ customer_ids: [id] })],
  ['changeSettings', () => invoke('changeSettings', { set: { failed: 1 } })],
  ['suspendCustomer', (id: number) => operate('suspendCustomer', { customer_id: id })],
  ['endSessions', (id: number) => operate('endSessions', { customer_id: id })],
])('%s changes nothing if its entry cannot be written', async (_, change) => {
  const { customer } = await signIn(world);
  const before = await world.items();
  const conflict = { status: 400, type: 'ValidationException' };
  world.engine.fail((operation, body) =>
    /^(PutItem|UpdateItem|TransactWriteItems)$/.test(operation) &&
    (body.includes('OPERATOR_LOG') || operation !== 'TransactWriteItems')
      ? conflict
      : undefined,
  );
  await expect(change(customer.id)).rejects.toThrow();
  world.engine.heal();
  expect(await world.items()).toEqual(before);
});

test('pages lead from the newest entry to the oldest and back', async () => {
  const { customer } = await signIn(world);
  for (let index = 0; index < 5; index++) {
    world.advance(1);
    await operate('endSessions', { customer_id: customer.id, reason: `case ${index}` });
  }
  const page = (cursor?: string) => list({ customer_id: customer.id, page_size: 2, cursor });
  const reasonsOf = ({ results }: { results: { reason: string }[] }) => results.map(({ reason }) => reason);
  const first = await page();
  const second = await page(first.next);
  const third = await page(second.next);
  expect([first, second, third].map(reasonsOf)).toEqual([['case 4', 'case 3'], ['case 2', 'case 1'], ['case 0']]);
  expect([third.next, reasonsOf(await page(second.previous))]).toEqual([null, ['case 4', 'case 3']]);
  expect(await list({ cursor: first.next })).toMatchObject({ errors: [{ code: 'not_found' }] });
});

test('entries outlive an erased customer, and hold neither phone, e-mail address, name nor text', async () => {
  const changes = await world.openStream('followUp');
  const { customer, phone, access } = await signIn(world);
  await operate('unlockPhone', { phone_number: phone });
  await operate('suspendCustomer', { customer_id: customer.id, message: { en: 'Secret text', ar: 'نص' } });
  await operate('restoreCustomer', { customer_id: customer.id });
  await notify({ customer_ids: [customer.id] });
  const back = await signIn(world, { phone });
  expect(access).not.toBe(back.access);
  await world.call(deleteCustomer, { method: 'DELETE', token: back.access });
  await changes.follow();
  const { results } = await list({ customer_id: customer.id });
  expect(results).toHaveLength(4);
  const stored = JSON.stringify(await world.partition(`OPERATOR_LOG#${customer.id}`));
  for (const text of [phone, phone.slice(1), 'Secret']) expect(stored).not.toContain(text);
});
