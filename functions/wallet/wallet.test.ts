import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { lambdaContext, restEvent } from '../../lib/testing/stage/event.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { adjustWallet } from '../../lib/testing/stage/wallet.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as getWallet } from './get.ts';
import { handler as updateWallet } from './update.ts';

const world = useWorld();

const error = (code: string, attr: string | null = null) => expect.objectContaining({ code, attr });
const get = (token: string, query?: Record<string, string>) =>
  world.call(getWallet, { method: 'GET', token, ...(query && { query }) });
const update = (token: string, body?: unknown) => world.call(updateWallet, { method: 'PATCH', token, body });
const follow = (token: string, url: string) => get(token, Object.fromEntries(new URL(url).searchParams));
const amountsOf = ({ body }: { body: { wallet_transactions: { results: { amount: string }[] } } }) =>
  body.wallet_transactions.results.map(({ amount }) => Number(amount));

/** Adds each entry in a new millisecond, because entries are sorted by it. */
async function charge(customerId: number, amount: number) {
  world.advance(0.001);
  await adjustWallet(customerId, { amount: String(amount) });
}

async function customerWith(charges: number) {
  const { access, customer } = await signIn(world);
  for (let amount = 1; amount <= charges; amount++) await charge(customer.id, amount);
  return { access, customer };
}

describe('listWalletDetails', () => {
  test('shows an empty wallet', async () => {
    const { access } = await signIn(world);
    const { status, body } = await get(access);
    expect([status, body]).toEqual([
      200,
      {
        wallet: { balance: '0.00', balance_currency: 'EGP', is_use_wallet_in_payment: false },
        wallet_transactions: { next: null, previous: null, results: [] },
      },
    ]);
  });

  test("shows the balance and the transactions, the newest first, in the customer's language", async () => {
    const { access, customer } = await signIn(world, { language: 'ar' });
    await adjustWallet(customer.id);
    world.advance(1);
    await adjustWallet(customer.id, { transaction_type: 'ORDER_PAYMENT', amount: '30.5' });
    const { wallet, wallet_transactions } = (await get(access)).body;
    expect(wallet.balance).toBe('69.50');
    expect(wallet_transactions.results).toEqual([
      {
        id: expect.any(Number),
        transaction_type: 'ORDER_PAYMENT',
        transaction_type_text: 'دفع طلب',
        amount: '-30.50',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      },
      expect.objectContaining({ transaction_type: 'CHARGING', transaction_type_text: 'شحن رصيد', amount: '100.00' }),
    ]);
  });

  test.each([
    ['+96599123457', 'KWD', '1.005', '1.005'],
    ['+966501234599', 'SAR', '7', '7.00'],
  ])('writes amounts of %s with the decimals of %s', async (phone, currency, amount, shown) => {
    const { access, customer } = await signIn(world, { phone });
    await adjustWallet(customer.id, { amount, currency });
    const { wallet, wallet_transactions } = (await get(access)).body;
    expect([wallet.balance, wallet_transactions.results[0].amount]).toEqual([shown, shown]);
  });

  test('pages to the end and back: nothing repeats and nothing is left out', async () => {
    const { access } = await customerWith(25);
    const first = await get(access);
    expect(amountsOf(first)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
    expect(first.body.wallet_transactions.previous).toBeNull();
    const second = await follow(access, first.body.wallet_transactions.next);
    expect(second.body.wallet).toBeNull();
    expect(amountsOf(second)).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
    const last = await follow(access, second.body.wallet_transactions.next);
    expect(amountsOf(last)).toEqual([5, 4, 3, 2, 1]);
    expect(last.body.wallet_transactions.next).toBeNull();
    const back = await follow(access, last.body.wallet_transactions.previous);
    expect(back.body).toEqual(second.body);
    const top = await follow(access, back.body.wallet_transactions.previous);
    expect(amountsOf(top)).toEqual(amountsOf(first));
    expect(top.body.wallet_transactions.previous).toBeNull();
  });

  test('goes on where it was when entries arrive meanwhile, and shows those on the way back', async () => {
    const { access, customer } = await customerWith(6);
    const first = await get(access, { page_size: '3' });
    expect(amountsOf(first)).toEqual([6, 5, 4]);
    await charge(customer.id, 7);
    await charge(customer.id, 8);
    const second = await follow(access, first.body.wallet_transactions.next);
    expect(amountsOf(second)).toEqual([3, 2, 1]);
    const back = await follow(access, second.body.wallet_transactions.previous);
    expect(amountsOf(back)).toEqual([6, 5, 4]);
    const newer = await follow(access, back.body.wallet_transactions.previous);
    expect(amountsOf(newer)).toEqual([8, 7]);
    expect(newer.body.wallet_transactions.previous).toBeNull();
    expect(amountsOf(await follow(access, newer.body.wallet_transactions.next))).toEqual([6, 5, 4]);
  });

  test.each([
    [10, 10],
    [11, 10],
    [3, 100],
    [100, 100],
  ])('has a next page of %i entries with a page size of %i only if there are more', async (entries, size) => {
    const { access } = await customerWith(entries);
    const { next, results } = (await get(access, { page_size: String(size) })).body.wallet_transactions;
    expect([results.length, next !== null]).toEqual([Math.min(entries, size), entries > size]);
  });

  test('links to itself as the client called it: behind a stage, a domain of its own, and locally', async () => {
    const { access } = await customerWith(2);
    const linkFor = async (host: string, path: string, protocol?: string) => {
      const headers = { Host: host, ...(protocol && { 'X-Forwarded-Proto': protocol }) };
      const event = restEvent({ method: 'GET', token: access, query: { page_size: '1' }, headers });
      const requestContext = { ...event.requestContext, path };
      const { body } = await getWallet({ ...event, requestContext }, lambdaContext());
      return JSON.parse(body).wallet_transactions.next.replace(/cursor=[\w-]+/, 'cursor=…');
    };
    expect(await linkFor('a1b2.execute-api.eu-central-1.amazonaws.com', '/prod/api/wallets/me/', 'https')).toBe(
      'https://a1b2.execute-api.eu-central-1.amazonaws.com/prod/api/wallets/me/?cursor=…&page_size=1',
    );
    expect(await linkFor('api.shop.example', '/v1/api/wallets/me/', 'https')).toBe(
      'https://api.shop.example/v1/api/wallets/me/?cursor=…&page_size=1',
    );
    expect(await linkFor('localhost:3000', '/api/wallets/me/')).toBe(
      'http://localhost:3000/api/wallets/me/?cursor=…&page_size=1',
    );
  });

  test.each([
    ['0', 'min_value'],
    ['-1', 'invalid'],
    ['1000', 'max_value'],
    ['101', 'max_value'],
    ['1.5', 'invalid'],
    ['ten', 'invalid'],
    ['', 'invalid'],
  ])('refuses a page size of %j', async (page_size, code) => {
    const { access } = await signIn(world);
    const { status, body } = await get(access, { page_size });
    expect([status, body.errors]).toEqual([400, [error(code, 'page_size')]]);
  });

  test('refuses a cursor that is of another wallet, changed, or none', async () => {
    const [mine, other] = [await customerWith(3), await customerWith(3)];
    const { next } = (await get(mine.access, { page_size: '1' })).body.wallet_transactions;
    const cursor = new URL(next).searchParams.get('cursor') ?? '';
    expect((await get(mine.access, { cursor })).status).toBe(200);
    const text = Buffer.from(cursor, 'base64url').toString();
    const changed = [
      text.replace('older', 'newest'),
      text.replace(/\w(?=\/\d)/, (digit) => (digit === '0' ? '1' : '0')),
      text.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)),
      text.replace(/[^/]+$/, '../WALLET'),
      `${text}/`,
    ].map((forged) => Buffer.from(forged).toString('base64url'));
    const bad = [
      ...changed,
      `${cursor}!`,
      `${cursor}==`,
      ` ${cursor}`,
      'x',
      ' ',
      'x'.repeat(2_000),
      '\0',
      '{}',
      cursor.slice(1),
      '%00',
      Buffer.from('\uffff').toString('base64url'),
    ];
    const responses = await Promise.all([
      get(other.access, { cursor }),
      ...bad.map((forged) => get(mine.access, { cursor: forged })),
    ]);
    for (const { status, body } of responses) expect([status, body.errors]).toEqual([404, [error('not_found')]]);
  });

  test('takes an empty cursor for none', async () => {
    const { access } = await customerWith(1);
    expect((await get(access, { cursor: '' })).body).toEqual((await get(access)).body);
  });

  test('takes two trips to the table, one after another, and reads one page', async () => {
    const { access } = await customerWith(30);
    world.engine.record();
    await get(access, { page_size: '5' });
    expect(depth(world.engine.calls)).toBe(2);
    expect(world.engine.calls.find(({ operation }) => operation === 'Query')?.body).toContain('"Limit":6');
  });
});

describe('updateWallet', () => {
  test('sets the flag, and leaves it alone when it is not named', async () => {
    const { access } = await signIn(world);
    const on = await update(access, { is_use_wallet_in_payment: true });
    expect([on.status, on.body]).toEqual([
      200,
      { balance: '0.00', balance_currency: 'EGP', is_use_wallet_in_payment: true },
    ]);
    expect((await update(access, {})).body.is_use_wallet_in_payment).toBe(true);
    expect((await update(access)).body.is_use_wallet_in_payment).toBe(true);
    expect((await update(access, { is_use_wallet_in_payment: false })).body.is_use_wallet_in_payment).toBe(false);
  });

  test('changes nothing else, whatever it is told', async () => {
    const { access, customer } = await signIn(world);
    await adjustWallet(customer.id);
    const wanted = { balance: '1000000', balance_currency: 'USD', balanceMinor: 5, entryCount: 0, checksum: 0 };
    const before = (await get(access)).body;
    expect((await update(access, wanted)).body).toEqual(before.wallet);
    expect((await get(access)).body).toEqual(before);
  });

  test.each([
    [null, 'null'],
    ['true', 'invalid'],
    [1, 'invalid'],
    [[], 'invalid'],
  ])('refuses %j as the flag', async (is_use_wallet_in_payment, code) => {
    const { access } = await signIn(world);
    const { status, body } = await update(access, { is_use_wallet_in_payment });
    expect([status, body.errors]).toEqual([400, [error(code, 'is_use_wallet_in_payment')]]);
  });

  test('loses no money when the flag is set while money moves', async () => {
    const { access, customer } = await signIn(world);
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        index % 2 ? update(access, { is_use_wallet_in_payment: index % 4 === 1 }) : adjustWallet(customer.id),
      ),
    );
    expect((await get(access)).body.wallet.balance).toBe('500.00');
  });
});
