import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { nowSeconds } from '../clock.ts';
import { Customer, createCustomerWrites } from '../customers/customerRepository.ts';
import { newId } from '../table/ids.ts';
import { customerPartition } from '../table/keys.ts';
import { transact } from '../table/table.ts';
import { generator } from '../testing/fixtures/random.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { adjustWallet, codeOf, expectSound } from '../testing/stage/wallet.ts';
import { useWorld } from '../testing/stage/world.ts';

/**
 * Set by `npm run test:proof`, which runs all schedules. PROOF_SEED repeats a failed run.
 * PROOF_SCHEDULES sets the number of schedules.
 */
const full = process.env.PROOF === 'full';
const seed = Number(process.env.PROOF_SEED ?? 20_261_122);
const schedules = full ? Number(process.env.PROOF_SCHEDULES ?? 10_000) : 20;
const schedulesPerEngine = 20;
const atOnce = 4;

if (full) jest.setTimeout(3 * 3_600_000);

const world = useWorld();

const calls = 50;
const named = `(PROOF_SEED=${seed})`;
const between = (random: () => number, least: number, most: number) =>
  least + Math.floor(random() * (most - least + 1));
const decimal = (minor: number) => `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;

/** Creates a customer directly in the table, because a sign-in costs more than the schedule. */
async function newCustomer(): Promise<number> {
  const id = newId();
  const customer = Customer.parse({
    id,
    phoneNumber: `+${id}`,
    fullName: '',
    email: '',
    image: null,
    gender: 'NS',
    birthDate: null,
    primaryAddressId: null,
    language: 'en',
    countryCode: 'EG',
    createdAtSeconds: nowSeconds(),
  });
  await transact(Object.values(createCustomerWrites(customer, 'EGP')));
  return id;
}

async function ledgerOf(customerId: number) {
  const items = await world.partition(customerPartition(customerId));
  const entries = items.filter(({ sk }) => String(sk).startsWith('ENTRY#'));
  return { items, entries, balance: Number(items.find(({ sk }) => sk === 'WALLET')?.balanceMinor) };
}

/**
 * Repeats a failed request under the same key until there is a response, as a careful client does.
 */
async function adjustPatiently(customerId: number, adjustment: object) {
  const request = { idempotency_key: randomUUID(), ...adjustment };
  for (;;) {
    const response = await adjustWallet(customerId, request).catch(() => undefined);
    if (response) return response;
  }
}

async function runSchedule(schedule: number): Promise<void> {
  const random = generator(seed + schedule);
  const customerId = await newCustomer();
  const charge = between(random, 1, 40_000);
  await adjustWallet(customerId, { amount: decimal(charge) });
  const amounts = Array.from({ length: calls }, () => between(random, 1, 1_500));
  const responses = await Promise.all(
    amounts.map(async (minor) => {
      await setTimeout(random() * 20);
      return adjustPatiently(customerId, { transaction_type: 'PAYOUT', amount: decimal(minor) });
    }),
  );
  const debited = amounts.filter((_, index) => codeOf(responses[index]) === undefined);
  const rejected = amounts.filter((_, index) => codeOf(responses[index]) === 'insufficient_funds');
  expect(debited.length + rejected.length).toBe(calls);
  const { items, entries, balance } = await ledgerOf(customerId);
  expect(entries).toHaveLength(1 + debited.length);
  expect(balance).toBe(charge - debited.reduce((sum, minor) => sum + minor, 0));
  // A rejected debit exceeded the balance at some moment, and the balance never rises.
  for (const minor of rejected) expect(minor).toBeGreaterThan(balance);
  await expectSound(customerId, items);
}

describe('an adjustment that is interrupted at a call to the table and retried makes exactly one entry', () => {
  /** The results of a call to the table, and of the process that made it. */
  const cuts = [
    'rejected',
    'throttled',
    'applied, but its response is lost',
    'not sent, and the process is killed',
    'applied, and the process is killed',
  ];
  const cases = cuts.flatMap((cut) => [1, 2].map((call) => [cut, call] as const));

  test.each(cases)('%s at call %i', async (cut, call) => {
    const { customer } = await signIn(world);
    await adjustWallet(customer.id);
    const request = { transaction_type: 'PAYOUT', amount: '30', idempotency_key: randomUUID() };
    let made = 0;
    let killed = false;
    world.engine.fail((_, body) => {
      if (!body.includes('CUSTOMER#')) return undefined;
      if (killed) return { status: 500, type: 'InternalServerError' };
      made += 1;
      if (made !== call) return undefined;
      killed = cut.includes('killed');
      if (cut.startsWith('applied')) return 'lose response';
      if (cut === 'throttled') return { status: 400, type: 'ThrottlingException' };
      return { status: 500, type: 'InternalServerError' };
    });
    await adjustWallet(customer.id, request).catch(() => undefined);
    expect(made).toBeGreaterThanOrEqual(call);
    world.engine.heal();

    const responses = await Promise.all([adjustWallet(customer.id, request), adjustWallet(customer.id, request)]);
    expect(responses[0]).toEqual(responses[1]);
    expect(responses[0].amount).toBe('-30.00');
    const { items, entries, balance } = await ledgerOf(customer.id);
    expect([entries.length, balance]).toEqual([2, 7_000]);
    await expectSound(customer.id, items);
  });
});

test(`no adjustment is lost or doubled while a tenth of all calls is throttled, in conflict, failing or without a response ${named}`, async () => {
  const random = generator(seed);
  const conflict = {
    status: 400,
    type: 'TransactionCanceledException',
    extra: {
      CancellationReasons: [{ Code: 'None' }, { Code: 'None' }, { Code: 'TransactionConflict' }, { Code: 'None' }],
    },
  };
  const faults = [
    () => ({ status: 400, type: 'ThrottlingException' }),
    () => ({ status: 400, type: 'ProvisionedThroughputExceededException' }),
    () => ({ status: 500, type: 'InternalServerError' }),
    () => 'lose response' as const,
  ];
  const { customer } = await signIn(world);
  await adjustWallet(customer.id, { amount: '10000' });
  world.engine.fail((operation) => {
    if (random() > 0.1) return undefined;
    if (operation === 'TransactWriteItems' && random() < 0.5) return conflict;
    return faults[between(random, 0, faults.length - 1)]?.();
  });
  const requests = Array.from({ length: full ? 1_000 : 100 }, () => {
    const type = random() < 0.5 ? 'PAYOUT' : 'CHARGING';
    return { transaction_type: type, amount: decimal(between(random, 1, 9_999)) };
  });
  const queue = requests.values();
  const responses: { amount: string; id: number }[] = [];
  const work = async () => {
    for (const request of queue) responses.push(await adjustPatiently(customer.id, request));
  };
  await Promise.all(Array.from({ length: 10 }, work));
  world.engine.heal();

  const { items, entries, balance } = await ledgerOf(customer.id);
  expect(entries).toHaveLength(requests.length + 1);
  expect(new Set(responses.map(({ id }) => id)).size).toBe(requests.length);
  const moved = responses.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0);
  expect(balance).toBe(1_000_000 + moved);
  await expectSound(customer.id, items);
});

test(`${schedules} schedules of ${calls} parallel debits never exceed the balance ${named}`, async () => {
  for (let first = 0; first < schedules; first += schedulesPerEngine) {
    if (full) await world.renewEngine();
    const length = Math.min(schedulesPerEngine, schedules - first);
    const queue = Array.from({ length }, (_, index) => first + index).values();
    const work = async () => {
      for (const schedule of queue) await runSchedule(schedule);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    world.engine.record();
  }
});
