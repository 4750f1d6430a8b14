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
const followLink = (token: string, url: string) => get(token, Object.fromEntries(new URL(url).searchParams));
const listAmounts = ({ body }: { body: { wallet_transactions: { results: { amount: string }[] } } }) =>
  body.wallet_transactions.results.map(({ amount }) => Number(amount));

/** Adds each entry in a new millisecond, because entries are sorted by time. */
async function charge(customerId: number, amount: number) {
  world.advance(0.001);
  await adjustWallet(customerId, { amount: String(amount) });
}

async function createCustomer(charges: number) {
  const { access, customer } = await signIn(world);
  for (let amount = 1; amount <= charges; amount++) await charge(customer.id, amount);
  return { access, customer };
}

describe('listWalletDetails', () => {
  test('returns an empty wallet', async () => {
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

  test("returns the balance and the transactions, newest first, in the customer's language", async () => {
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
  ])('formats amounts of %s with the decimals of %s', async (phone, currency, amount, formatted) => {
    const { access, customer } = await signIn(world, { phone });
    await adjustWallet(customer.id, { amount, currency });
    const { wallet, wallet_transactions } = (await get(access)).body;
    expect([wallet.balance, wallet_transactions.results[0].amount]).toEqual([formatted, formatted]);
  });

  test('pages to the end and back without a duplicate or a gap', async () => {
    const { access } = await createCustomer(25);
    const first = await get(access);
    expect(listAmounts(first)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
    expect(first.body.wallet_transactions.previous).toBeNull();
    const second = await followLink(access, first.body.wallet_transactions.next);
    expect(second.body.wallet).toBeNull();
    expect(listAmounts(second)).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
    const last = await followLink(access, second.body.wallet_transactions.next);
    expect(listAmounts(last)).toEqual([5, 4, 3, 2, 1]);
    expect(last.body.wallet_transactions.next).toBeNull();
    const back = await followLink(access, last.body.wallet_transactions.previous);
    expect(back.body).toEqual(second.body);
    const top = await followLink(access, back.body.wallet_transactions.previous);
    expect(listAmounts(top)).toEqual(listAmounts(first));
    expect(top.body.wallet_transactions.previous).toBeNull();
  });

  test('continues after the last entry when new entries arrive, and returns those on the way back', async () => {
    const { access, customer } = await createCustomer(6);
    const first = await get(access, { page_size: '3' });
    expect(listAmounts(first)).toEqual([6, 5, 4]);
    await charge(customer.id, 7);
    await charge(customer.id, 8);
    const second = await followLink(access, first.body.wallet_transactions.next);
    expect(listAmounts(second)).toEqual([3, 2, 1]);
    const back = await followLink(access, second.body.wallet_transactions.previous);
    expect(listAmounts(back)).toEqual([6, 5, 4]);
    const newer = await followLink(access, back.body.wallet_transactions.previous);
    expect(listAmounts(newer)).toEqual([8, 7]);
    expect(newer.body.wallet_transactions.previous).toBeNull();
    expect(listAmounts(await followLink(access, newer.body.wallet_transactions.next))).toEqual([6, 5, 4]);
  });

  test.each([
    [10, 10],
    [11, 10],
    [3, 100],
    [100, 100],
  ])(
    'for %i entries and a page size of %i, returns a next page only if there are more entries',
    async (entries, size) => {
      const { access } = await createCustomer(entries);
      const { next, results } = (await get(access, { page_size: String(size) })).body.wallet_transactions;
      expect([results.length, next !== null]).toEqual([Math.min(entries, size), entries > size]);
    },
  );

  test('builds links with the URL of the request: with a stage, a custom domain, and locally', async () => {
    const { access } = await createCustomer(2);
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
  ])('rejects a page size of %j', async (page_size, code) => {
    const { access } = await signIn(world);
    const { status, body } = await get(access, { page_size });
    expect([status, body.errors]).toEqual([400, [error(code, 'page_size')]]);
  });

  test('rejects a cursor that is invalid, changed, or of another wallet', async () => {
    const [mine, other] = [await createCustomer(3), await createCustomer(3)];
    const { next } = (await get(mine.access, { page_size: '1' })).body.wallet_transactions;
    const cursor = new URL(next).searchParams.get('cursor') ?? '';
    expect((await get(mine.access, { cursor })).status).toBe(200);
    const text = Buffer.from(cursor, 'base64url').toString();
    const tampered = [
      text.replace('older', 'newest'),
      text.replace(/\w(?=\/\d)/, (digit) => (digit === '0' ? '1' : '0')),
      text.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)),
      text.replace(/[^/]+$/, '../WALLET'),
      `${text}/`,
    ].map((forged) => Buffer.from(forged).toString('base64url'));
    const bad = [
      ...tampered,
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

  test('treats an empty cursor as a missing one', async () => {
    const { access } = await createCustomer(1);
    expect((await get(access, { cursor: '' })).body).toEqual((await get(access)).body);
  });

  test('makes two sequential calls to the table, and reads one page', async () => {
    const { access } = await createCustomer(30);
    world.engine.record();
    await get(access, { page_size: '5' });
    expect(depth(world.engine.calls)).toBe(2);
    expect(world.engine.calls.find(({ operation }) => operation === 'Query')?.body).toContain('"Limit":6');
  });
});

describe('updateWallet', () => {
  test('sets the flag, and keeps it if the request omits it', async () => {
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

  test('ignores all other fields', async () => {
    const { access, customer } = await signIn(world);
    await adjustWallet(customer.id);
    const readOnly = { balance: '1000000', balance_currency: 'USD', balanceMinor: 5, entryCount: 0, checksum: 0 };
    const before = (await get(access)).body;
    expect((await update(access, readOnly)).body).toEqual(before.wallet);
    expect((await get(access)).body).toEqual(before);
  });

  test.each([
    [null, 'null'],
    ['true', 'invalid'],
    [1, 'invalid'],
    [[], 'invalid'],
  ])('rejects %j as the flag', async (is_use_wallet_in_payment, code) => {
    const { access } = await signIn(world);
    const { status, body } = await update(access, { is_use_wallet_in_payment });
    expect([status, body.errors]).toEqual([400, [error(code, 'is_use_wallet_in_payment')]]);
  });

  test('loses no money when the flag changes in parallel with adjustments', async () => {
    const { access, customer } = await signIn(world);
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        index % 2 ? update(access, { is_use_wallet_in_payment: index % 4 === 1 }) : adjustWallet(customer.id),
      ),
    );
    expect((await get(access)).body.wallet.balance).toBe('500.00');
  });
});
