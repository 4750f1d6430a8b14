import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { walletKey } from '../../lib/table/keys.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import type { Stream } from '../../lib/testing/stage/stream.ts';
import { adjustWallet, codeOf, expectSound } from '../../lib/testing/stage/wallet.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { hashEntry } from '../../lib/wallet/ledgerHash.ts';
import type { Entry } from '../../lib/wallet/walletRepository.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';

const world = useWorld();

// biome-ignore lint/suspicious/noExplicitAny: tests read responses of every shape, and a wrong one fails the test
type TestResponse = any;
const statement = (event: unknown) => invoke('walletStatement', event);
const verify = (event: unknown = {}) => invoke('walletVerify', event);
const runParallel = <T>(count: number, run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));
const debit = (customerId: number, amount: string, fields = {}) =>
  adjustWallet(customerId, { transaction_type: 'PAYOUT', amount, ...fields });
const getBalance = async (customerId: number) => (await statement({ customer_id: customerId })).wallet.balance;
/** Returns the keys of the wallet and its customer in the form of DynamoDB's unprocessed keys. */
const makeUnprocessedKeys = (customerId: number) => {
  const Keys = ['WALLET', 'PROFILE'].map((sk) => ({ pk: { S: walletKey(customerId).pk }, sk: { S: sk } }));
  return { [process.env.TABLE_NAME ?? '']: { Keys, ConsistentRead: true } };
};
let changes: Stream;
beforeAll(async () => {
  changes = await world.openStream('followUp');
});
const eraseCustomer = async ({ access }: { access: string }) => {
  await world.call(deleteCustomer, { method: 'DELETE', token: access });
  await changes.follow();
};

describe('walletAdjust', () => {
  test.each([
    ['REFUND', '100.00'],
    ['CHARGING', '100.00'],
    ['CANCEL_ORDER', '100.00'],
    ['CASH_RECEIVE', '100.00'],
    ['FINE', '-100.00'],
    ['PAYOUT', '-100.00'],
    ['ORDER_PAYMENT', '-100.00'],
    ['SHARE', '-100.00'],
  ])('books a %s of 100.00 as %s', async (transaction_type, amount) => {
    const { customer } = await signIn(world);
    await adjustWallet(customer.id, { amount: '150' });
    const entry = await adjustWallet(customer.id, { transaction_type, reference: ' order 7 ' });
    expect(entry).toEqual({
      id: expect.any(Number),
      transaction_type,
      amount,
      currency: 'EGP',
      reference: 'order 7',
      created_at: expect.stringMatching(/Z$/),
    });
    expect(await getBalance(customer.id)).toBe(amount === '100.00' ? '250.00' : '50.00');
    await expectSound(customer.id, await world.partition(`CUSTOMER#${customer.id}`));
  });

  test('accepts one of eight parallel withdrawals of 100.00 from a wallet of 100.00', async () => {
    const { customer } = await signIn(world);
    await adjustWallet(customer.id);
    const responses = await runParallel(8, () => debit(customer.id, '100.00'));
    expect(responses.map(codeOf).sort()).toEqual([...Array(7).fill('insufficient_funds'), undefined]);
    await expectSound(customer.id, await world.partition(`CUSTOMER#${customer.id}`));
  });

  test('creates one entry for fifty parallel requests with the same key, and returns it to each', async () => {
    const { customer } = await signIn(world);
    const key = randomUUID();
    const responses = await runParallel(50, () => adjustWallet(customer.id, { idempotency_key: key }));
    expect(new Set(responses.map((response) => JSON.stringify(response))).size).toBe(1);
    expect(responses[0].amount).toBe('100.00');
    await debit(customer.id, '100');
    expect(await adjustWallet(customer.id, { idempotency_key: key })).toEqual(responses[0]);
    expect((await statement({ customer_id: customer.id })).wallet.balance).toBe('0.00');
  });

  test.each([
    [{ amount: '100.01' }],
    [{ transaction_type: 'REFUND' }],
    [{ reference: 'another' }],
    [{ currency: 'USD' }],
  ])('rejects an idempotency key that was used for another request, with %j', async (other) => {
    const { customer } = await signIn(world);
    const key = randomUUID();
    await adjustWallet(customer.id, { idempotency_key: key });
    expect(codeOf(await adjustWallet(customer.id, { idempotency_key: key, ...other }))).toBe('idempotency_key_reused');
    expect((await statement({ customer_id: customer.id })).results).toHaveLength(1);
  });

  test('returns the first entry to a retry that read the new balance but no idempotency record', async () => {
    const { customer } = await signIn(world);
    await adjustWallet(customer.id);
    const request = { transaction_type: 'PAYOUT', amount: '100', idempotency_key: randomUUID() };
    // BatchGetItem is not a snapshot: an unprocessed key is read later than the others.
    let first: Promise<TestResponse> | undefined;
    world.engine.fail((operation, body) => {
      if (operation !== 'BatchGetItem' || first || !body.includes('WALLET_KEY#')) return undefined;
      first = adjustWallet(customer.id, request);
      return { status: 200, type: 'none', extra: { Responses: {}, UnprocessedKeys: makeUnprocessedKeys(customer.id) } };
    });
    const repeated = adjustWallet(customer.id, request);
    while (!first) await setImmediate();
    const entry = await first;
    expect(entry.amount).toBe('-100.00');
    expect(await repeated).toEqual(entry);
  });

  test('rejects a key that is used for another customer in parallel', async () => {
    const [one, other] = [(await signIn(world)).customer, (await signIn(world)).customer];
    const key = randomUUID();
    const responses = await runParallel(10, (index) =>
      adjustWallet((index % 2 ? one : other).id, { idempotency_key: key }),
    );
    const rejected = responses.filter((response) => codeOf(response) === 'idempotency_key_reused');
    expect(rejected).toHaveLength(5);
    const balances = await Promise.all([one, other].map(({ id }) => statement({ customer_id: id })));
    expect(balances.map(({ wallet }) => wallet.balance).sort()).toEqual(['0.00', '100.00']);
  });

  test('treats the same content in another spelling as the same request', async () => {
    const { customer } = await signIn(world);
    const key = randomUUID();
    const first = await adjustWallet(customer.id, { idempotency_key: key, amount: '5' });
    expect(await adjustWallet(customer.id, { idempotency_key: ` ${key} `, amount: '05.0' })).toEqual(first);
  });

  test('runs a rejected request again under the same key', async () => {
    const { customer } = await signIn(world);
    const key = randomUUID();
    expect(codeOf(await debit(customer.id, '5', { idempotency_key: key }))).toBe('insufficient_funds');
    await adjustWallet(customer.id);
    expect(await debit(customer.id, '5', { idempotency_key: key })).toMatchObject({ amount: '-5.00' });
    expect(await getBalance(customer.id)).toBe('95.00');
  });

  test('reduces a fine to the balance if WALLET_FINES_STOP_AT_ZERO is set', async () => {
    const { customer } = await signIn(world);
    const fine = () => adjustWallet(customer.id, { transaction_type: 'FINE', amount: '80' });
    await adjustWallet(customer.id);
    expect((await fine()).amount).toBe('-80.00');
    expect(codeOf(await fine())).toBe('insufficient_funds');
    world.set({ WALLET_FINES_STOP_AT_ZERO: 'true' });
    expect((await fine()).amount).toBe('-20.00');
    expect(codeOf(await fine())).toBe('insufficient_funds');
    await expectSound(customer.id, await world.partition(`CUSTOMER#${customer.id}`));
  });

  test.each([
    [{ amount: '1,5' }, 'amount', 'invalid'],
    [{ amount: '1e3' }, 'amount', 'invalid'],
    [{ amount: '-5' }, 'amount', 'invalid'],
    [{ amount: '+5' }, 'amount', 'invalid'],
    [{ amount: '' }, 'amount', 'invalid'],
    [{ amount: '5.' }, 'amount', 'invalid'],
    [{ amount: '٥' }, 'amount', 'invalid'],
    [{ amount: 5 }, 'amount', 'invalid'],
    [{ amount: '5.001' }, 'amount', 'invalid'],
    [{ amount: '0' }, 'amount', 'min_value'],
    [{ amount: '0.00' }, 'amount', 'min_value'],
    [{ amount: '1234567890123' }, 'amount', 'max_value'],
    [{ amount: '9'.repeat(100) }, 'amount', 'max_value'],
    [{ amount: null }, 'amount', 'null'],
    [{ amount: undefined }, 'amount', 'required'],
    [{ currency: 'XXY' }, 'currency', 'invalid_choice'],
    [{ currency: 'egp' }, 'currency', 'invalid_choice'],
    [{ currency: 'USD' }, 'currency', 'currency_mismatch'],
    [{ transaction_type: 'GIFT' }, 'transaction_type', 'invalid_choice'],
    [{ customer_id: '1' }, 'customer_id', 'invalid'],
    [{ customer_id: 0 }, 'customer_id', 'min_value'],
    [{ customer_id: 7 }, null, 'customer_not_found'],
    [{ reference: ' ' }, 'reference', 'blank'],
    [{ idempotency_key: 'x'.repeat(256) }, 'idempotency_key', 'max_length'],
  ])('rejects %j and changes nothing', async (fields, attr, code) => {
    const { customer } = await signIn(world);
    const response = await adjustWallet(customer.id, fields);
    expect(response.errors).toEqual([expect.objectContaining({ attr, code, detail: expect.any(String) })]);
    expect((await statement({ customer_id: customer.id })).results).toEqual([]);
  });

  test('names every invalid field, and every field of a missing request', async () => {
    const fields = ['customer_id', 'transaction_type', 'amount', 'currency', 'reference', 'idempotency_key'];
    for (const event of [undefined, null, {}]) {
      const { type, errors } = await invoke('walletAdjust', event);
      expect([type, errors.map(({ attr }: { attr: string }) => attr)]).toEqual(['validation_error', fields]);
    }
    const { customer } = await signIn(world);
    const { errors } = await adjustWallet(customer.id, { amount: '1.234', reference: '', transaction_type: 'GIFT' });
    expect(errors.map(({ attr }: { attr: string }) => attr)).toEqual(['transaction_type', 'amount', 'reference']);
  });

  test('limits a balance to twelve digits', async () => {
    const { customer } = await signIn(world);
    expect((await adjustWallet(customer.id, { amount: '999999999999.99' })).amount).toBe('999999999999.99');
    expect(codeOf(await adjustWallet(customer.id, { amount: '0.01' }))).toBe('balance_too_large');
    await expectSound(customer.id, await world.partition(`CUSTOMER#${customer.id}`));
  });

  test('rejects an erased customer, and keeps their anonymous wallet and entries', async () => {
    const signedIn = await signIn(world);
    const { id } = signedIn.customer;
    const key = randomUUID();
    const first = await adjustWallet(id, { idempotency_key: key });
    await eraseCustomer(signedIn);
    expect(codeOf(await adjustWallet(id))).toBe('customer_not_found');
    expect(await adjustWallet(id, { idempotency_key: key })).toEqual(first);
    const { wallet, results } = await statement({ customer_id: id });
    expect([wallet.balance, results]).toEqual(['100.00', [first]]);
    await expectSound(id, await world.partition(`CUSTOMER#${id}`));
    expect(JSON.stringify(await world.items())).not.toContain(signedIn.phone);
  });

  test('never moves money without an entry while the customer is deleted', async () => {
    for (let round = 0; round < 5; round++) {
      const signedIn = await signIn(world);
      await Promise.all([
        ...Array(5)
          .fill(0)
          .map(() => adjustWallet(signedIn.customer.id)),
        eraseCustomer(signedIn),
      ]);
      await expectSound(signedIn.customer.id, await world.partition(`CUSTOMER#${signedIn.customer.id}`));
    }
  });

  test('throws after an internal error, so the caller retries', async () => {
    const { customer } = await signIn(world);
    world.engine.fail(() => ({ status: 400, type: 'ValidationException' }));
    await expect(adjustWallet(customer.id)).rejects.toThrow();
  });

  test('logs the operation and the reason of a rejection, without amounts and keys', async () => {
    const { customer } = await signIn(world);
    const lines = await logOf(() => debit(customer.id, '77.31', { idempotency_key: 'key-8431' }));
    expect(lines.join()).toContain('insufficientFunds');
    expect(lines.join()).not.toMatch(/77\.31|key-8431/);
  });
});

describe('walletStatement', () => {
  test('pages through the entries in both directions', async () => {
    const { customer } = await signIn(world);
    for (const amount of ['1', '2', '3']) {
      world.advance(0.001);
      await adjustWallet(customer.id, { amount });
    }
    const listAmounts = ({ results }: TestResponse) => results.map(({ amount }: { amount: string }) => amount);
    const first = await statement({ customer_id: customer.id, page_size: 2 });
    expect([listAmounts(first), first.previous]).toEqual([['3.00', '2.00'], null]);
    const last = await statement({ customer_id: customer.id, page_size: 2, cursor: first.next });
    expect([listAmounts(last), last.next]).toEqual([['1.00'], null]);
    expect(await statement({ customer_id: customer.id, page_size: 2, cursor: last.previous })).toEqual(first);
    expect(codeOf(await statement({ customer_id: customer.id, cursor: 'x' }))).toBe('not_found');
    expect(codeOf(await statement({ customer_id: 7 }))).toBe('customer_not_found');
    expect(codeOf(await statement({ customer_id: customer.id, page_size: 101 }))).toBe('max_value');
  });
});

describe('walletVerify', () => {
  /** Creates a customer with entries of 10, 20, 30 and 40, and returns their items. */
  const createWallet = async () => {
    const { customer } = await signIn(world);
    for (const amount of ['10', '20', '30', '40']) {
      world.advance(0.001);
      await adjustWallet(customer.id, { amount });
    }
    const items = await world.partition(walletKey(customer.id).pk);
    const wallet = items.find(({ sk }) => sk === 'WALLET') ?? {};
    const [first = {}, second = {}, third = {}] = items.filter(({ sk }) => String(sk).startsWith('ENTRY#'));
    return { id: customer.id, wallet, first, second, third, items };
  };
  const readWallet = async (customerId: number) => {
    const items = await world.partition(walletKey(customerId).pk);
    return items.find(({ sk }) => sk === 'WALLET') ?? {};
  };
  type Wallet = Awaited<ReturnType<typeof createWallet>>;
  const pickKey = ({ pk, sk }: Record<string, unknown>) => ({ pk: String(pk), sk: String(sk) });

  test('finds no problem in correct wallets, one by one and all together', async () => {
    const { id } = await createWallet();
    expect(await verify({ customer_id: id })).toEqual({ wallets: 1, entries: 4, findings: [], next: null });
    const all = await verify();
    expect(all.findings).toEqual([]);
    expect(all.wallets).toBeGreaterThan(10);
  });

  test.each<[string, (own: Wallet) => Promise<unknown>, (own: Wallet) => unknown[][]]>([
    [
      'a balance was raised',
      ({ wallet }) => world.put({ ...wallet, balanceMinor: 99_999 }),
      () => [['balance_differs', null]],
    ],
    [
      'an amount was raised',
      ({ second }) => world.put({ ...second, amountMinor: 99_999 }),
      ({ second }) => [
        ['entry_edited', second.id],
        ['balance_differs', null],
      ],
    ],
    [
      'an amount was raised, and the balance with it',
      async ({ second, wallet }) => {
        await world.put({ ...second, amountMinor: Number(second.amountMinor) + 1 });
        await world.put({ ...wallet, balanceMinor: Number(wallet.balanceMinor) + 1 });
      },
      ({ second }) => [['entry_edited', second.id]],
    ],
    [
      'a reference was changed',
      ({ third }) => world.put({ ...third, reference: 'other' }),
      ({ third }) => [['entry_edited', third.id]],
    ],
    [
      'an entry was deleted',
      ({ second }) => world.delete(pickKey(second)),
      () => [
        ['entry_missing', null],
        ['balance_differs', null],
      ],
    ],
    [
      'an entry was inserted',
      ({ second }) =>
        world.put({ ...second, sk: String(second.sk).replace(/.$/, (last) => (last === '1' ? '2' : '1')) }),
      ({ second }) => [
        ['entry_edited', second.id],
        ['entry_unknown', null],
        ['balance_differs', null],
      ],
    ],
    [
      'two entries were swapped',
      ({ second, third }) =>
        Promise.all([world.put({ ...second, sk: third.sk }), world.put({ ...third, sk: second.sk })]),
      ({ second, third }) => [
        ['entry_edited', third.id],
        ['entry_edited', second.id],
      ],
    ],
    [
      'an entry has an extra attribute',
      ({ second }) => world.put({ ...second, note: 'x' }),
      ({ second }) => [['entry_edited', second.id]],
    ],
    [
      'an entry has an expiry',
      ({ second }) => world.put({ ...second, expiresAtSeconds: 1 }),
      ({ second }) => [['entry_edited', second.id]],
    ],
    [
      'an amount is not a number',
      ({ second }) => world.put({ ...second, amountMinor: '2000' }),
      ({ second }) => [
        ['entry_edited', second.id],
        ['balance_differs', null],
      ],
    ],
    [
      'a balance is not an integer',
      ({ wallet }) => world.put({ ...wallet, balanceMinor: 0.5 }),
      () => [['wallet_edited', null]],
    ],
    [
      'a wallet has an expiry',
      ({ wallet }) => world.put({ ...wallet, expiresAtSeconds: 1 }),
      () => [['wallet_edited', null]],
    ],
    [
      'a wallet is in another currency',
      ({ wallet }) => world.put({ ...wallet, currency: 'KWD' }),
      () => [['wallet_edited', null]],
    ],
    ['a wallet is missing', ({ wallet }) => world.delete(pickKey(wallet)), () => [['wallet_missing', null]]],
    [
      "an entry was replaced by another wallet's entry",
      async ({ second }) => {
        const other = await createWallet();
        await world.put({ ...other.second, pk: second.pk });
        await world.delete(pickKey(second));
      },
      () => [['entry_edited', expect.any(Number)]],
    ],
    [
      'an entry was replaced by one with a valid hash',
      async ({ id, second }) => {
        const forged = { ...second, reference: 'forged' } as unknown as Entry;
        await world.put({ ...forged, hash: hashEntry(id, forged) });
      },
      ({ second }) => [
        ['entry_replaced', null],
        ['idempotency_record_edited', second.id],
      ],
    ],
    [
      'an entry has no key',
      ({ second: { keyHash: _, ...second } }) => world.put(second),
      ({ second }) => [['entry_edited', second.id]],
    ],
    [
      'an entry has another key',
      ({ second, third }) => world.put({ ...second, keyHash: third.keyHash }),
      ({ second }) => [['entry_edited', second.id]],
    ],
  ])('reports that %s', async (_, tamper, findings) => {
    const own = await createWallet();
    await tamper(own);
    const reported = (await verify({ customer_id: own.id })).findings;
    expect(reported.map(({ problem, entry_id }: TestResponse) => [problem, entry_id])).toEqual(findings(own));
    expect((await verify()).findings).toEqual(reported);
    for (const item of await world.partition(walletKey(own.id).pk)) await world.delete(pickKey(item));
    for (const item of own.items) await world.put(item);
  });

  describe('the idempotency record of an entry', () => {
    const prefixes = ['WALLET_KEY#', 'ENTRY_KEY#'];
    const bookEntry = async () => {
      const { customer } = await signIn(world);
      const request = { amount: '10', idempotency_key: randomUUID() };
      const entry = await adjustWallet(customer.id, request);
      const items = (await world.items()).filter((item) => JSON.stringify(item).includes(`"id":${entry.id}`));
      const [ledger = {}] = items.filter(({ sk }) => String(sk).startsWith('ENTRY#'));
      const recordAt = (place: string) => items.find(({ pk, sk }) => `${pk} ${sk}`.includes(place)) ?? {};
      return { id: customer.id, request, entry, ledger, recordAt };
    };
    const listProblems = async (customerId: number) =>
      (await verify({ customer_id: customerId })).findings.map(({ problem, entry_id }: TestResponse) => [
        problem,
        entry_id,
      ]);

    test.each(prefixes)('is reported as missing at %s, and the request is not booked again', async (place) => {
      const { id, request, entry, recordAt } = await bookEntry();
      await world.delete(pickKey(recordAt(place)));
      const repeated = await runParallel(8, () => adjustWallet(id, request));
      expect(repeated).toEqual(Array(8).fill(entry));
      expect(codeOf(await adjustWallet(id, { ...request, amount: '11' }))).toBe('idempotency_key_reused');
      const { wallet, results } = await statement({ customer_id: id });
      expect([wallet.balance, results]).toEqual(['10.00', [entry]]);
      expect(await listProblems(id)).toEqual([['idempotency_record_missing', entry.id]]);
      await world.put(recordAt(place));
      expect(await listProblems(id)).toEqual([]);
    });

    test('prevents a second booking when it is lost during a retry', async () => {
      const { id, request, entry, recordAt } = await bookEntry();
      // Simulates a read of both records before the first request wrote them.
      world.engine.fail((operation, body) =>
        operation === 'BatchGetItem' && body.includes('PROFILE') && body.includes('ENTRY_KEY#')
          ? { status: 200, type: 'none', extra: { Responses: {}, UnprocessedKeys: makeUnprocessedKeys(id) } }
          : undefined,
      );
      await world.delete(pickKey(recordAt('WALLET_KEY#')));
      expect(await adjustWallet(id, request)).toEqual(entry);
      expect((await statement({ customer_id: id })).wallet.balance).toBe('10.00');
      await world.put(recordAt('WALLET_KEY#'));
    });

    test.each(prefixes)('is reported as edited at %s', async (place) => {
      const { id, entry, ledger, recordAt } = await bookEntry();
      const forged = { ...ledger, amountMinor: 99_999 } as unknown as Entry;
      const changes = [
        { entry: { ...forged, hash: hashEntry(id, forged) } },
        { entry: forged },
        { customerId: id + 1 },
        { content: 7 },
      ];
      for (const change of changes) {
        await world.put({ ...recordAt(place), ...change });
        expect(await listProblems(id)).toEqual([['idempotency_record_edited', entry.id]]);
      }
      await world.put({ ...recordAt(place), expiresAtSeconds: 1 });
      expect(await listProblems(id)).toEqual([['idempotency_record_missing', entry.id]]);
      await world.put(recordAt(place));
      expect(await listProblems(id)).toEqual([]);
    });

    test('is reported as edited when its content was changed in both places', async () => {
      const { id, entry, recordAt } = await bookEntry();
      const contents = [
        JSON.stringify([id, 'CHARGING', 9_999, 'EGP', 'test']),
        JSON.stringify([id, 'FINE', 1_000, 'EGP', 'test']),
        JSON.stringify([id, 'CHARGING', 1_000, 'EGP', 'other']),
        JSON.stringify([id + 1, 'CHARGING', 1_000, 'EGP', 'test']),
        '',
      ];
      for (const content of contents) {
        for (const place of prefixes) await world.put({ ...recordAt(place), content });
        expect(await listProblems(id)).toEqual([['idempotency_record_edited', entry.id]]);
      }
      for (const place of prefixes) await world.put(recordAt(place));
      expect(await listProblems(id)).toEqual([]);
    });

    test('is correct for a fine that was reduced to the balance', async () => {
      const { id } = await bookEntry();
      world.set({ WALLET_FINES_STOP_AT_ZERO: 'true' });
      const fine = await adjustWallet(id, { transaction_type: 'FINE', amount: '80' });
      expect([fine.amount, await listProblems(id)]).toEqual(['-10.00', []]);
      const records = (await world.items()).filter(({ content }) => String(content).startsWith(`[${id},"FINE",8000`));
      for (const record of records) {
        await world.put({ ...record, content: String(record.content).replace('8000', '9000') });
      }
      expect([records.length, await listProblems(id)]).toEqual([2, [['idempotency_record_edited', fine.id]]]);
      for (const record of records) await world.put(record);
    });

    test('is reported when it was inserted without an entry, even if another entry is missing', async () => {
      const { id, entry, ledger, recordAt } = await bookEntry();
      const [real, place] = [recordAt('ENTRY_KEY#'), { pk: walletKey(id).pk, sk: `ENTRY_KEY#${'A'.repeat(43)}` }];
      const invented = { ...(ledger as unknown as Entry), id: 7, keyHash: 'A'.repeat(43) };
      const inserted: [object, number | null][] = [
        [{ ...real, ...place }, entry.id],
        [{ ...real, ...place, entry: { ...invented, hash: hashEntry(id, invented) } }, 7],
        [place, null],
      ];
      for (const [record, entryId] of inserted) {
        await world.put(record);
        expect(await listProblems(id)).toEqual([['idempotency_record_edited', entryId]]);
        expect((await verify()).findings).toContainEqual({
          customer_id: id,
          problem: 'idempotency_record_edited',
          entry_id: entryId,
        });
      }
      await world.delete(pickKey(ledger));
      expect(await listProblems(id)).toContainEqual(['idempotency_record_edited', null]);
      await world.put(ledger);
      await world.delete(place);
      expect(await listProblems(id)).toEqual([]);
    });

    test('is reported when it was inserted without an entry at the key that all customers share', async () => {
      const { id, entry, recordAt } = await bookEntry();
      const place = { pk: `WALLET_KEY#${'B'.repeat(43)}`, sk: 'CLAIM' };
      const inserted: [object, number, number | null][] = [
        [{ ...recordAt('WALLET_KEY#'), ...place }, id, entry.id],
        [place, 0, null],
      ];
      for (const [claim, customer_id, entry_id] of inserted) {
        await world.put(claim);
        expect((await verify()).findings).toEqual([{ customer_id, problem: 'idempotency_record_edited', entry_id }]);
      }
      await world.delete(place);
      expect((await verify()).findings).toEqual([]);
    });

    test('is reported for a customer without a wallet and entries', async () => {
      const place = { pk: walletKey(7).pk, sk: `ENTRY_KEY#${'A'.repeat(43)}` };
      await world.put(place);
      const finding = { customer_id: 7, problem: 'wallet_missing', entry_id: null };
      expect((await verify()).findings).toEqual([finding]);
      await world.delete(place);
    });

    test('belongs to one entry only, after both records were lost and a request was booked again', async () => {
      const { id, request, entry, recordAt } = await bookEntry();
      for (const place of prefixes) await world.delete(pickKey(recordAt(place)));
      const second = await adjustWallet(id, request);
      expect(second.id).not.toBe(entry.id);
      expect(await listProblems(id)).toEqual([['idempotency_record_edited', entry.id]]);
    });

    test('is found for each of a hundred entries', async () => {
      const { id, entry } = await bookEntry();
      for (let round = 0; round < 10; round++) await runParallel(11, () => adjustWallet(id, { amount: '1' }));
      expect(await verify({ customer_id: id })).toEqual({ wallets: 1, entries: 111, findings: [], next: null });
      expect(entry.amount).toBe('10.00');
    });

    test('is not required for an entry of an earlier version', async () => {
      const { id, ledger, recordAt } = await bookEntry();
      const { keyHash: _, ...earlier } = ledger as unknown as Entry;
      const old = { ...earlier, hash: hashEntry(id, earlier) };
      await world.put(old);
      await world.put({ ...(await readWallet(id)), checksum: Number.parseInt(old.hash.slice(0, 8), 16) });
      for (const place of prefixes) await world.delete(pickKey(recordAt(place)));
      expect(await listProblems(id)).toEqual([]);
    });
  });

  test('returns customer_not_found for an unknown customer', async () => {
    expect(codeOf(await verify({ customer_id: 7 }))).toBe('customer_not_found');
  });

  test('reports no problem for entries that are added while it reads', async () => {
    const { id } = await createWallet();
    const [reports] = await Promise.all([
      runParallel(5, () => verify({ customer_id: id })),
      runParallel(10, () => adjustWallet(id, { amount: '1' })),
    ]);
    const problems = reports.flatMap(({ findings }) => findings.map(({ problem }: TestResponse) => problem));
    expect(problems.filter((problem) => problem !== 'not_checked')).toEqual([]);
  });
});
