import { depth } from '../../lib/testing/engineProxy.ts';
import { authenticateWith, requestCode, signIn } from '../../lib/testing/signIn.ts';
import { useWorld } from '../../lib/testing/world.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as authenticate } from './authenticate.ts';
import { handler as getCustomer } from './get.ts';

const world = useWorld();

const error = (code: string, attr: string | null = null) => expect.objectContaining({ code, attr });
const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
const countStatuses = (answers: { status: number }[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('AuthenticateCustomer', () => {
  test('makes a customer with the country and the currency of the phone: 201, and 200 ever after', async () => {
    const phone = '+96599123456';
    const first = await authenticateWith(world, phone, await requestCode(world, phone), { language: 'ar' });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      access: expect.any(String),
      refresh: expect.any(String),
      customer: {
        id: expect.any(Number),
        phone_number: phone,
        full_name: '',
        email: '',
        image: null,
        gender: 'NS',
        birth_date: null,
        primary_address: null,
        is_profile_completed: false,
        language: 'ar',
        country: { code: 'KW', flag: expect.stringMatching(/^https:/), phone_code: '965', name: 'الكويت' },
        wallet: { balance: '0.000', balance_currency: 'KWD', is_use_wallet_in_payment: false },
      },
    });
    world.advance(60);
    const second = await authenticateWith(world, phone, await requestCode(world, phone), { language: 'en' });
    expect([second.status, second.body.customer.id]).toEqual([200, first.body.customer.id]);
    expect([second.body.customer.language, second.body.customer.country.name]).toEqual(['en', 'Kuwait']);
  });

  test('gives ids that are integers up to 2^53 − 1 and far apart', async () => {
    const ids = (await Promise.all(Array.from({ length: 20 }, () => signIn(world)))).map(({ customer }) => customer.id);
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(Number.isSafeInteger(id) && id > 0).toBe(true);
    expect(Math.max(...ids) - Math.min(...ids)).toBeGreaterThan(2 ** 40);
  });

  test('takes the code in Arabic digits, and as a number that lost its leading zero', async () => {
    const phone = world.phone();
    const code = await requestCode(world, phone);
    const arabic = code.replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)));
    expect((await authenticateWith(world, phone, arabic)).status).toBe(201);

    const other = world.phone();
    const until = '2999-12-31';
    world.set({ TEST_NUMBERS: JSON.stringify([{ phone_number: other, otp: '012345', until }]) });
    await world.call(sendOtp, { body: { phone_number: other, otp_type: 'customer_auth' } });
    const body = { phone_number: other, otp: 12_345, device: { registration_id: 'r' }, language: ' en ' };
    expect((await world.call(authenticate, { body })).status).toBe(201);
  });

  test('uses a code up: the second time there is none', async () => {
    const phone = world.phone();
    const code = await requestCode(world, phone);
    await authenticateWith(world, phone, code);
    const { status, body } = await authenticateWith(world, phone, code);
    expect([status, body.type, body.errors]).toEqual([400, 'validation_error', [error('otp_expired', 'otp')]]);
  });

  test('lets a right code that comes fifty times at once win once, makes one customer and counts no wrong try', async () => {
    const phone = world.phone();
    const code = await requestCode(world, phone);
    const answers = await Promise.all(Array.from({ length: 50 }, () => authenticateWith(world, phone, code)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(0);
    const items = await world.items();
    expect(items.filter((item) => item.phoneNumber === phone)).toHaveLength(1);
    expect(items.find(({ pk, sk }) => pk === `PHONE#${phone}` && sk === 'OTP')).toMatchObject({ wrong1: 0 });
  });

  test('lets five of two hundred parallel guesses reach the comparison', async () => {
    const phone = world.phone();
    const code = await requestCode(world, phone);
    const answers = await Promise.all(Array.from({ length: 200 }, () => authenticateWith(world, phone, wrong(code))));
    expect(countStatuses(answers)).toEqual({ 400: 5, 429: 195 });
    const refused = await authenticateWith(world, phone, code);
    expect([refused.status, refused.body.errors]).toEqual([429, [error('otp_try_limit')]]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    world.advance(Number(refused.headers['retry-after']));
    expect((await authenticateWith(world, phone, await requestCode(world, phone))).status).toBe(201);
  });

  test('allows fifteen wrong tries in 24 h for a phone, across resends', async () => {
    const phone = world.phone();
    for (let codes = 0; codes < 3; codes++) {
      const code = await requestCode(world, phone);
      for (let tries = 0; tries < 5; tries++) {
        expect((await authenticateWith(world, phone, wrong(code))).body.errors).toEqual([error('otp_invalid', 'otp')]);
      }
      world.advance(600);
    }
    const refused = await authenticateWith(world, phone, await requestCode(world, phone));
    expect([refused.status, refused.body.errors]).toEqual([429, [error('otp_try_limit')]]);
    expect(Number(refused.headers['retry-after'])).toBe(86_400 - 1_800);
    world.advance(86_400 - 1_800);
    expect((await authenticateWith(world, phone, await requestCode(world, phone))).status).toBe(201);
  });

  test('does not count right tries against the day', async () => {
    const phone = world.phone();
    for (let signIns = 0; signIns < 8; signIns++) {
      const code = await requestCode(world, phone);
      await authenticateWith(world, phone, wrong(code));
      expect((await authenticateWith(world, phone, code)).status).toBeLessThan(300);
      world.advance(3_600);
    }
  });

  test('knows a code for 300 s', async () => {
    const phone = world.phone();
    const code = await requestCode(world, phone);
    world.advance(300);
    expect((await authenticateWith(world, phone, code)).body.errors).toEqual([error('otp_expired', 'otp')]);
  });

  test('takes only the newest code', async () => {
    const phone = world.phone();
    const old = await requestCode(world, phone);
    world.advance(60);
    const current = await requestCode(world, phone);
    if (old !== current) {
      expect((await authenticateWith(world, phone, old)).body.errors).toEqual([error('otp_invalid', 'otp')]);
    }
    expect((await authenticateWith(world, phone, current)).status).toBe(201);
  });

  test('answers a phone with an account and one without alike', async () => {
    const known = (await signIn(world)).phone;
    const unknown = world.phone();
    world.advance(3_600);
    const answers = [];
    for (const phone of [known, unknown]) {
      const { phone_number: _, ...sent } = (
        await world.call(sendOtp, { body: { phone_number: phone, otp_type: 'customer_auth' } })
      ).body;
      answers.push([sent, (await authenticateWith(world, phone, wrong(world.codeFor(phone)))).body]);
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test('moves a device that changes hands to the caller, with its id and nothing else', async () => {
    const registrationId = 'shared:token';
    const seller = await signIn(world, { registrationId });
    const devicesOf = async ({ customer }: { customer: { id: number } }) =>
      (await world.items()).filter(
        ({ pk, sk }) => pk === `CUSTOMER#${customer.id}` && String(sk).startsWith('DEVICE#'),
      );
    const [before] = await devicesOf(seller);
    const buyer = await signIn(world, { registrationId });
    expect(await devicesOf(seller)).toEqual([]);
    expect(await devicesOf(buyer)).toEqual([expect.objectContaining({ id: before?.id, registrationId, active: true })]);
  });

  test('gives a device that many sign in on at once one owner', async () => {
    const registrationId = 'contested:token';
    const phones = Array.from({ length: 30 }, () => world.phone());
    const codes = await Promise.all(phones.map((phone) => requestCode(world, phone)));
    const answers = await Promise.all(
      phones.map((phone, index) => authenticateWith(world, phone, codes[index] ?? '', { registrationId })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(201));
    expect(
      (await world.items()).filter((item) => item.registrationId === registrationId && 'active' in item),
    ).toHaveLength(1);
  });

  test('names every failing field at once, in the order of the contract', async () => {
    const { status, body } = await world.call(authenticate, {
      body: { language: 'fr', device: { type: 'blackberry', registration_id: ' ' }, otp: {}, phone_number: null },
    });
    expect(status).toBe(400);
    expect(body).toEqual({
      type: 'validation_error',
      errors: [
        error('null', 'phone_number'),
        error('invalid', 'otp'),
        error('blank', 'device.registration_id'),
        error('invalid_choice', 'device.type'),
        error('invalid_choice', 'language'),
      ],
    });
  });

  test('names the phone of a country that is not active together with other failing fields', async () => {
    const sent = { phone_number: '+4915112345678', otp: '123456', device: { registration_id: 'r' }, language: 'fr' };
    const { status, body } = await world.call(authenticate, { body: sent });
    expect([status, body.errors]).toEqual([
      400,
      [error('invalid', 'phone_number'), error('invalid_choice', 'language')],
    ]);
  });

  test.each([
    ['nothing', undefined, ['required', 'required', 'required', 'required']],
    ['a device that is text', { device: 'x' }, ['required', 'required', 'invalid', 'required']],
    ['a list', [], ['invalid']],
    ['null', 'null', ['null']],
    [
      'NUL',
      { phone_number: '+20100\u00001', otp: '1', device: { registration_id: 'r' }, language: 'en' },
      ['null_characters_not_allowed'],
    ],
    [
      'a lone surrogate',
      '{"phone_number":"+201001234567","otp":"\\ud800","device":{"registration_id":"r"},"language":"en"}',
      ['invalid'],
    ],
    [
      'a token that is too long',
      { phone_number: '+201001234567', otp: '1', device: { registration_id: 'r'.repeat(4_097) }, language: 'en' },
      ['max_length'],
    ],
  ])('given %s, says what is wrong and takes no try', async (_, sent, codes) => {
    world.engine.record();
    const { status, body } = await world.call(authenticate, { body: sent });
    expect([status, body.errors.map(({ code }: { code: string }) => code)]).toEqual([400, codes]);
    expect(world.engine.calls).toEqual([]);
  });

  test('asks the table at most three times, one call after another', async () => {
    const phone = world.phone();
    for (const status of [201, 200]) {
      const code = await requestCode(world, phone);
      world.engine.record();
      expect((await authenticateWith(world, phone, code)).status).toBe(status);
      expect(depth(world.engine.calls)).toBeLessThanOrEqual(3);
      world.advance(60);
    }
  });

  test('leaves nothing half done when the table fails at any call, and the same code works afterwards', async () => {
    for (let failing = 1; failing <= 3; failing++) {
      const phone = world.phone();
      const code = await requestCode(world, phone);
      let calls = 0;
      world.engine.fail(() => {
        calls += 1;
        return calls >= failing ? { status: 400, type: 'AccessDeniedException' } : undefined;
      });
      expect((await authenticateWith(world, phone, code)).status).toBe(500);
      world.engine.heal();
      expect((await world.items()).filter((item) => item.phoneNumber === phone)).toEqual([]);
      expect((await authenticateWith(world, phone, code)).status).toBe(201);
    }
  });

  test('makes one customer when the answer of the transaction is lost', async () => {
    const phone = world.phone();
    const code = await requestCode(world, phone);
    let lost = 0;
    world.engine.fail((operation) => (operation === 'TransactWriteItems' && lost++ === 0 ? 'lose answer' : undefined));
    expect((await authenticateWith(world, phone, code)).status).toBe(201);
    expect(lost).toBe(2);
    expect((await world.items()).filter((item) => item.phoneNumber === phone)).toHaveLength(1);
  });
});

describe('GetCustomerDetails', () => {
  test('shows the customer in their own language, whatever the request asks for', async () => {
    const { access, phone } = await signIn(world, { language: 'ar' });
    const { status, body } = await world.call(getCustomer, {
      method: 'GET',
      token: access,
      headers: { 'Accept-Language': 'en' },
    });
    expect([status, body.phone_number, body.country.name]).toEqual([200, phone, 'مصر']);
  });

  test('refuses a customer who is gone with authentication_failed', async () => {
    const { access, customer } = await signIn(world);
    await world.delete({ pk: `CUSTOMER#${customer.id}`, sk: 'PROFILE' });
    const { status, body } = await world.call(getCustomer, { method: 'GET', token: access });
    expect([status, body.errors]).toEqual([401, [error('authentication_failed')]]);
  });

  test('refuses a session that DynamoDB should have deleted by now but has not', async () => {
    const { access, customer } = await signIn(world);
    const session = (await world.items()).find(
      ({ pk, sk }) => pk === `CUSTOMER#${customer.id}` && String(sk).startsWith('SESSION#'),
    );
    await world.put({ ...session, expiresAtSeconds: Math.floor(Date.now() / 1000) });
    expect((await world.call(getCustomer, { method: 'GET', token: access })).status).toBe(401);
  });

  test('asks the table at most twice, one call after another', async () => {
    const { access } = await signIn(world);
    world.engine.record();
    await world.call(getCustomer, { method: 'GET', token: access });
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(2);
  });
});
