import type { DynamoDBRecord } from 'aws-lambda';
import { personalData } from '../../lib/privacy/personalData.ts';
import { addressKey, otpKey } from '../../lib/table/keys.ts';
import { makeCursor } from '../../lib/table/pagination.ts';
import { callWithForm, type FormFields, file, listImages } from '../../lib/testing/fixtures/forms.ts';
import { insertSegment, jpegWithExif, png, pngOfSize, webp } from '../../lib/testing/fixtures/images.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import type { Stream } from '../../lib/testing/stage/stream.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { makeEmptyWallet } from '../../lib/wallet/walletRepository.ts';
import { handler as refresh } from '../auth/refresh.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as bulkDelete } from '../notifications/bulkDelete.ts';
import { handler as readAllNotifications } from '../notifications/readAll.ts';
import { handler as authenticate } from './authenticate.ts';
import { handler as deleteCustomer } from './delete.ts';
import { handler as exportCustomer } from './export.ts';
import { handler as getCustomer } from './get.ts';
import { handler as updateCustomer } from './update.ts';

const world = useWorld();

const error = (code: string, attr: string | null = null) => expect.objectContaining({ code, attr });
const makeWrongOtp = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
const countStatuses = (responses: { status: number }[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('AuthenticateCustomer', () => {
  test('makes the same reads for a wrong OTP whether or not the phone has an account', async () => {
    const { phone } = await signIn(world);
    world.advance(60);
    const listReads = async (target: string) => {
      const code = await requestOtp(world, target);
      world.engine.record();
      expect((await authenticateWith(world, target, makeWrongOtp(code))).status).toBe(400);
      const { calls } = world.engine;
      return calls.map(({ operation }) => operation).sort();
    };
    expect(await listReads(world.phone())).toEqual(await listReads(phone));
  });

  test('creates a customer with the country and currency of the phone and returns 201, then 200 for later sign-ins', async () => {
    const phone = '+96599123456';
    const first = await authenticateWith(world, phone, await requestOtp(world, phone), { language: 'ar' });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      access: expect.any(String),
      refresh: expect.any(String),
      device_token: expect.any(String),
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
        is_phone_verified: true,
        is_email_verified: false,
      },
    });
    world.advance(60);
    const second = await authenticateWith(world, phone, await requestOtp(world, phone), { language: 'en' });
    expect([second.status, second.body.customer.id]).toEqual([200, first.body.customer.id]);
    expect([second.body.customer.language, second.body.customer.country.name]).toEqual(['en', 'Kuwait']);
  });

  test('assigns unpredictable customer ids that are safe integers', async () => {
    const ids = (await Promise.all(Array.from({ length: 20 }, () => signIn(world)))).map(({ customer }) => customer.id);
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(Number.isSafeInteger(id) && id > 0).toBe(true);
    expect(Math.max(...ids) - Math.min(...ids)).toBeGreaterThan(2 ** 40);
  });

  test('accepts the OTP in Arabic digits, and as a number without its leading zero', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    const arabic = code.replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)));
    expect((await authenticateWith(world, phone, arabic)).status).toBe(201);

    const other = world.phone();
    const until = '2999-12-31';
    world.set({ TEST_NUMBERS: JSON.stringify([{ phone_number: other, otp: '012345', until }]) });
    await world.call(sendOtp, { body: { phone_number: other, otp_type: 'customer_auth' } });
    const body = { phone_number: other, otp: 12_345, device: { registration_id: 'r' }, language: ' en ' };
    expect((await world.call(authenticate, { body })).status).toBe(201);
  });

  test('accepts an OTP once', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    await authenticateWith(world, phone, code);
    const { status, body } = await authenticateWith(world, phone, code, { registrationId: 'another-device' });
    expect([status, body.type, body.errors]).toEqual([400, 'validation_error', [error('otp_expired', 'otp')]]);
  });

  test('accepts one device of fifty with the correct OTP in parallel, creates one customer and counts no wrong attempt', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        authenticateWith(world, phone, code, { registrationId: `${phone}-${index}` }),
      ),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(0);
    const items = await world.items();
    expect(items.filter((item) => item.phoneNumber === phone)).toHaveLength(1);
    expect(items.find(({ pk, sk }) => pk === otpKey(phone).pk && sk === 'OTP')).toMatchObject({ wrong1: 0 });
  });

  test('compares only five of two hundred parallel guesses', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    const responses = await Promise.all(
      Array.from({ length: 200 }, () => authenticateWith(world, phone, makeWrongOtp(code))),
    );
    expect(countStatuses(responses)).toEqual({ 400: 5, 429: 195 });
    const rejected = await authenticateWith(world, phone, code);
    expect([rejected.status, rejected.body.errors]).toEqual([429, [error('otp_try_limit')]]);
    expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(0);
    world.advance(Number(rejected.headers['retry-after']));
    expect((await authenticateWith(world, phone, await requestOtp(world, phone))).status).toBe(201);
  });

  test('allows fifteen wrong attempts in 24 h for a phone, across resends', async () => {
    const { phone, deviceToken } = await signIn(world);
    for (let sends = 0; sends < 3; sends++) {
      const code = await requestOtp(world, phone, deviceToken);
      for (let attempts = 0; attempts < 5; attempts++) {
        const { body } = await authenticateWith(world, phone, makeWrongOtp(code), { deviceToken });
        expect(body.errors).toEqual([error('otp_invalid', 'otp')]);
      }
      world.advance(600);
    }
    const rejected = await authenticateWith(world, phone, '000000', { deviceToken });
    expect([rejected.status, rejected.body.errors]).toEqual([429, [error('otp_try_limit')]]);
    expect(Number(rejected.headers['retry-after'])).toBe(86_400 - 1_800);
    // An SMS with an unusable OTP would only cost money.
    const noSms = await world.call(sendOtp, {
      body: { phone_number: phone, otp_type: 'customer_auth', device_token: deviceToken },
    });
    expect([noSms.status, noSms.body.errors]).toEqual([429, [error('otp_try_limit')]]);
    world.advance(86_400 - 1_800);
    expect((await signIn(world, { phone, deviceToken })).customer.id).toBeGreaterThan(0);
  });

  test('does not count correct attempts towards the daily limit', async () => {
    const { phone, deviceToken } = await signIn(world);
    for (let signIns = 0; signIns < 8; signIns++) {
      world.advance(3_600);
      const code = await requestOtp(world, phone, deviceToken);
      await authenticateWith(world, phone, makeWrongOtp(code), { deviceToken });
      expect((await authenticateWith(world, phone, code, { deviceToken })).status).toBe(200);
    }
  });

  test('rejects an OTP after 300 s', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    world.advance(300);
    expect((await authenticateWith(world, phone, code)).body.errors).toEqual([error('otp_expired', 'otp')]);
  });

  test('accepts only the newest OTP', async () => {
    const phone = world.phone();
    const old = await requestOtp(world, phone);
    world.advance(60);
    const current = await requestOtp(world, phone);
    if (old !== current) {
      expect((await authenticateWith(world, phone, old)).body.errors).toEqual([error('otp_invalid', 'otp')]);
    }
    expect((await authenticateWith(world, phone, current)).status).toBe(201);
  });

  test('returns the same responses whether or not a phone has an account', async () => {
    const registered = (await signIn(world)).phone;
    const unregistered = world.phone();
    world.advance(3_600);
    const responses = [];
    for (const phone of [registered, unregistered]) {
      const { phone_number: _, ...response } = (
        await world.call(sendOtp, { body: { phone_number: phone, otp_type: 'customer_auth' } })
      ).body;
      responses.push([response, (await authenticateWith(world, phone, makeWrongOtp(world.otpFor(phone)))).body]);
    }
    expect(responses[0]).toEqual(responses[1]);
  });

  test("moves another customer's device to the caller, with only its id", async () => {
    const registrationId = 'shared:token';
    const seller = await signIn(world, { registrationId });
    const readDevices = async ({ customer }: { customer: { id: number } }) =>
      (await world.partition(`CUSTOMER#${customer.id}`)).filter(({ sk }) => String(sk).startsWith('DEVICE#'));
    const [before] = await readDevices(seller);
    const buyer = await signIn(world, { registrationId });
    expect(await readDevices(seller)).toEqual([]);
    expect(await readDevices(buyer)).toEqual([
      expect.objectContaining({ id: before?.id, registrationId, active: true }),
    ]);
  });

  test('registers a device for one customer when many sign in on it in parallel', async () => {
    const registrationId = 'contested:token';
    const phones = Array.from({ length: 30 }, () => world.phone());
    const codes = await Promise.all(phones.map((phone) => requestOtp(world, phone)));
    const responses = await Promise.all(
      phones.map((phone, index) => authenticateWith(world, phone, codes[index] ?? '', { registrationId })),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array(30).fill(201));
    expect(
      (await world.items()).filter((item) => item.registrationId === registrationId && 'active' in item),
    ).toHaveLength(1);
  });

  test.each([[''], [null], [undefined]])(
    'signs in an app with the push token %j without registering a device',
    async (registration_id) => {
      const phone = world.phone();
      const signInOn = async (device: object) => {
        world.advance(120);
        const otp = await requestOtp(world, phone);
        return world.call(authenticate, { body: { phone_number: phone, otp, device, language: 'en' } });
      };
      const first = await signInOn({ registration_id, type: 'ios' });
      expect(first.status).toBe(201);
      expect((await signInOn({ registration_id })).status).toBe(200);
      const listDevices = async () =>
        (await world.partition(`CUSTOMER#${first.body.customer.id}`)).filter(({ sk }) =>
          String(sk).startsWith('DEVICE#'),
        );
      expect(await listDevices()).toEqual([]);
      expect((await signInOn({ registration_id: `later:${phone}` })).status).toBe(200);
      expect(await listDevices()).toHaveLength(1);
    },
  );

  test('names every invalid field in one response, in the order of the contract', async () => {
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

  test.each([
    ['x', 'device.non_field_errors', 'invalid'],
    ['', 'device.non_field_errors', 'invalid'],
    [7, 'device.non_field_errors', 'invalid'],
    [true, 'device.non_field_errors', 'invalid'],
    [[], 'device.non_field_errors', 'invalid'],
    [[{ registration_id: 'x' }], 'device.non_field_errors', 'invalid'],
    [null, 'device', 'null'],
    [undefined, 'device', 'required'],
  ])('rejects %j as the device', async (device, attr, code) => {
    const body = { phone_number: world.phone(), otp: '123456', device, language: 'en' };
    const response = await world.call(authenticate, { body });
    expect([response.status, response.body.errors]).toEqual([400, [error(code, attr)]]);
  });

  test('names a phone of a country that is not served together with other invalid fields', async () => {
    const request = { phone_number: '+4915112345678', otp: '123456', device: { registration_id: 'r' }, language: 'fr' };
    const { status, body } = await world.call(authenticate, { body: request });
    expect([status, body.errors]).toEqual([
      400,
      [error('country_not_served', 'phone_number'), error('invalid_choice', 'language')],
    ]);
  });

  test.each([
    ['no body', undefined, ['required', 'required', 'required', 'required']],
    ['a string as the device', { device: 'x' }, ['required', 'required', 'invalid', 'required']],
    ['a list as the body', [], ['invalid']],
    ['null as the body', 'null', ['null']],
    [
      'a NUL character',
      { phone_number: '+20100\u00001', otp: '1', device: { registration_id: 'r' }, language: 'en' },
      ['null_characters_not_allowed'],
    ],
    [
      'a lone surrogate',
      '{"phone_number":"+201001234567","otp":"\\ud800","device":{"registration_id":"r"},"language":"en"}',
      ['invalid'],
    ],
    [
      'a push token that is too long',
      { phone_number: '+201001234567', otp: '1', device: { registration_id: 'r'.repeat(4_097) }, language: 'en' },
      ['max_length'],
    ],
  ])('rejects %s by name, without counting an attempt', async (_, request, codes) => {
    world.engine.record();
    const { status, body } = await world.call(authenticate, { body: request });
    expect([status, body.errors.map(({ code }: { code: string }) => code)]).toEqual([400, codes]);
    expect(world.engine.calls.filter(({ operation }) => operation !== 'Query')).toEqual([]);
  });

  test('makes at most three sequential calls to the table', async () => {
    const phone = world.phone();
    for (const status of [201, 200]) {
      const code = await requestOtp(world, phone);
      world.engine.record();
      expect((await authenticateWith(world, phone, code)).status).toBe(status);
      expect(depth(world.engine.calls)).toBeLessThanOrEqual(3);
      world.advance(60);
    }
  });

  test('creates no customer and consumes no OTP when any call to the table fails', async () => {
    for (let failing = 1; failing <= 3; failing++) {
      const phone = world.phone();
      const code = await requestOtp(world, phone);
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

  test('creates one customer if the response of the transaction is lost', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    let lost = 0;
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' && lost++ === 0 ? 'lose response' : undefined,
    );
    expect((await authenticateWith(world, phone, code)).status).toBe(201);
    expect(lost).toBe(2);
    expect((await world.items()).filter((item) => item.phoneNumber === phone)).toHaveLength(1);
  });
});

describe('GetCustomerDetails', () => {
  test("responds in the customer's own language and ignores Accept-Language", async () => {
    const { access, phone } = await signIn(world, { language: 'ar' });
    const { status, body } = await world.call(getCustomer, {
      method: 'GET',
      token: access,
      headers: { 'Accept-Language': 'en' },
    });
    expect([status, body.phone_number, body.country.name]).toEqual([200, phone, 'مصر']);
  });

  test('rejects the token of a deleted customer with authentication_failed', async () => {
    const { access, customer } = await signIn(world);
    await world.delete({ pk: `CUSTOMER#${customer.id}`, sk: 'PROFILE' });
    const { status, body } = await world.call(getCustomer, { method: 'GET', token: access });
    expect([status, body.errors]).toEqual([401, [error('authentication_failed')]]);
  });

  test('rejects an expired session that DynamoDB has not deleted yet', async () => {
    const { access, customer } = await signIn(world);
    const items = await world.partition(`CUSTOMER#${customer.id}`);
    const session = items.find(({ sk }) => String(sk).startsWith('SESSION#'));
    await world.put({ ...session, expiresAtSeconds: Math.floor(Date.now() / 1000) });
    expect((await world.call(getCustomer, { method: 'GET', token: access })).status).toBe(401);
  });

  test('makes at most two sequential calls to the table', async () => {
    const { access } = await signIn(world);
    world.engine.record();
    await world.call(getCustomer, { method: 'GET', token: access });
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(2);
  });
});

const updateByForm = (token: string, fields: FormFields) =>
  callWithForm(world, updateCustomer, { method: 'PATCH', token }, fields);
describe('UpdateCustomer', () => {
  const update = (token: string, body: unknown) => world.call(updateCustomer, { method: 'PATCH', token, body });
  const getProfile = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).body;

  const fetchImage = async (url: string) => (await fetch(url)).status;

  test('changes only the fields in the request, and marks a complete profile', async () => {
    const { access } = await signIn(world);
    const first = await update(access, { full_name: ' منى حسن ', gender: 'F', language: 'ar' });
    expect([first.status, first.body]).toMatchObject([
      200,
      { full_name: 'منى حسن', gender: 'F', language: 'ar', email: '', is_profile_completed: false },
    ]);
    const second = await update(access, { email: ' Mona@Example.COM ', birth_date: '1994-05-17' });
    expect(second.body).toMatchObject({
      full_name: 'منى حسن',
      email: 'mona@example.com',
      birth_date: '1994-05-17',
      is_profile_completed: true,
    });
    expect(second.body).toEqual(await getProfile(access));
  });

  test('changes nothing without a known field in the request', async () => {
    const { access } = await signIn(world);
    const before = await getProfile(access);
    for (const body of [
      undefined,
      {},
      { id: 1, phone_number: '+201000000000', wallet: { balance: '9' }, unknown: true },
    ]) {
      expect(await update(access, body)).toMatchObject({ status: 200, body: before });
    }
  });

  test('clears optional fields', async () => {
    const { access } = await signIn(world);
    const profile = {
      full_name: 'M',
      email: 'm.clears@example.com',
      birth_date: '2000-02-29',
      image: 'https://example.com/m.png',
    };
    expect((await update(access, profile)).body).toMatchObject(profile);
    const cleared = { full_name: '', email: '', birth_date: null, image: null };
    expect((await update(access, cleared)).body).toMatchObject(cleared);
  });

  test('ignores empty fields of a form', async () => {
    const { access } = await signIn(world);
    const profile = {
      full_name: 'M',
      email: 'm.keeps@example.com',
      birth_date: '2000-02-29',
      image: 'https://example.com/m.png',
    };
    await update(access, profile);
    const emptyInput = new File([], '', { type: 'application/octet-stream' });
    const form = { full_name: 'Mona', email: '', birth_date: '', primary_address: '', gender: '' };
    for (const image of ['', emptyInput]) {
      const { status, body } = await updateByForm(access, { ...form, image });
      expect([status, body]).toEqual([200, expect.objectContaining({ ...profile, full_name: 'Mona' })]);
    }
    const emptyFile = new File([], 'empty.jpg', { type: 'image/jpeg' });
    expect((await updateByForm(access, { image: emptyFile })).body.errors).toEqual([error('invalid', 'image')]);
  });

  test('ignores read-only fields', async () => {
    const { access, customer } = await signIn(world);
    const readOnly = { phone_number: '+201001234567', id: 1, wallet: null, country: 'SA', is_phone_verified: false };
    const { status, body } = await update(access, { ...readOnly, full_name: 'Mona' });
    expect([status, body]).toEqual([200, { ...customer, full_name: 'Mona' }]);
  });

  test.each([
    ['full_name', null, 'null'],
    ['full_name', 'n'.repeat(256), 'max_length'],
    ['full_name', 'a\u0000b', 'null_characters_not_allowed'],
    ['full_name', ['a'], 'invalid'],
    ['email', null, 'null'],
    ['email', 'not an address', 'invalid'],
    ['email', `${'a'.repeat(243)}@example.com`, 'max_length'],
    ['birth_date', '2026-02-30', 'invalid'],
    ['birth_date', '17/05/1994', 'invalid'],
    ['birth_date', new Date(Date.now() + 86_400_000).toISOString().slice(0, 10), 'invalid'],
    ['birth_date', 19940517, 'invalid'],
    ['gender', 'X', 'invalid_choice'],
    ['gender', null, 'null'],
    ['language', 'fr', 'invalid_choice'],
    ['image', 'javascript:alert(1)', 'invalid'],
    ['image', ' ', 'blank'],
    ['image', '\u200e\u2800 ', 'blank'],
    ['image', `https://example.com/${'a'.repeat(2_050)}`, 'max_length'],
    ['image', 'https://example.com/\u0000', 'null_characters_not_allowed'],
    ['image', 'https://user:pw@example.com/x', 'invalid'],
    ['image', "https://example.com/'onerror='alert(1)", 'invalid'],
    ['image', 42, 'invalid'],
    ['image', 'http://example.com/a.png', 'invalid'],
    ['image', 'data:image/png;base64,AAAA', 'invalid'],
    ['image', { content: 'x' }, 'invalid'],
    ['primary_address', 123, 'does_not_exist'],
    ['primary_address', 'home', 'invalid'],
    ['primary_address', 1.5, 'invalid'],
    ['primary_address', '0x10', 'invalid'],
    ['birth_date', '0000-01-01', 'invalid'],
    ['birth_date', ' ', 'blank'],
  ])('rejects %s %j with %s and changes nothing', async (name, value, code) => {
    const { access } = await signIn(world);
    const { status, body } = await update(access, { [name]: value, language: name === 'language' ? value : 'ar' });
    expect([status, body.errors]).toEqual([400, [error(code, name)]]);
    expect((await getProfile(access)).language).toBe('en');
  });

  test("accepts the customer's own address as the primary one, and rejects another customer's", async () => {
    const [own, other] = [await signIn(world), await signIn(world)];
    await world.put(addressKey(own.customer.id, 11));
    await world.put(addressKey(other.customer.id, 12));
    expect((await update(own.access, { primary_address: 11 })).body.primary_address).toBe(11);
    const rejected = await update(own.access, { primary_address: 12 });
    expect([rejected.status, rejected.body.errors]).toEqual([400, [error('does_not_exist', 'primary_address')]]);
    expect((await update(own.access, { primary_address: '' })).body.primary_address).toBeNull();
    expect((await updateByForm(own.access, { primary_address: '11' })).body.primary_address).toBe(11);
  });

  test('names all invalid fields in one response, in order', async () => {
    const { access } = await signIn(world);
    const { body } = await update(access, { language: 'fr', birth_date: 'x', full_name: null, email: '@' });
    expect(body.errors.map(({ attr }: { attr: string }) => attr)).toEqual([
      'full_name',
      'birth_date',
      'email',
      'language',
    ]);
  });

  test('keeps e-mail addresses unique regardless of case, and releases the old one immediately', async () => {
    const [first, second] = [await signIn(world), await signIn(world)];
    expect((await update(first.access, { email: 'taken@example.com' })).status).toBe(200);
    expect((await update(first.access, { email: 'TAKEN@example.com' })).status).toBe(200);
    const rejected = await update(second.access, { email: 'Taken@Example.com', full_name: 'N' });
    expect([rejected.status, rejected.body.errors]).toEqual([400, [error('unique', 'email')]]);
    expect((await getProfile(second.access)).full_name).toBe('');
    const both = await update(second.access, { email: 'taken@example.com', primary_address: 5 });
    expect(both.body.errors).toEqual([error('does_not_exist', 'primary_address'), error('unique', 'email')]);
    await update(first.access, { email: 'moved@example.com' });
    expect((await update(second.access, { email: 'taken@example.com' })).status).toBe(200);
  });

  test('gives an e-mail address to one of many customers who set it in parallel', async () => {
    const customers = await Promise.all(Array.from({ length: 8 }, () => signIn(world)));
    const responses = await Promise.all(
      customers.map(({ access }) => update(access, { email: 'contested@example.com' })),
    );
    expect(countStatuses(responses)).toEqual({ 200: 1, 400: 7 });
    expect(await world.partition('EMAIL#contested@example.com')).toHaveLength(1);
  });

  test('applies parallel changes of different fields, and stores one unique claim for many e-mail addresses', async () => {
    const { access, customer } = await signIn(world);
    const emails = Array.from({ length: 5 }, (_, index) => `parallel-${index}@example.com`);
    const changes = [{ full_name: 'Both' }, { gender: 'M' }, { birth_date: '1990-01-01' }, { language: 'ar' }];
    const responses = await Promise.all(
      [...changes, ...emails.map((email) => ({ email }))].map((body) => update(access, body)),
    );
    expect(countStatuses(responses)).toEqual({ 200: 9 });
    const profile = await getProfile(access);
    expect(profile).toMatchObject({ full_name: 'Both', gender: 'M', birth_date: '1990-01-01', language: 'ar' });
    const claims = (await world.items()).filter(
      (item) => String(item.pk).startsWith('EMAIL#parallel') && item.customerId === customer.id,
    );
    expect(claims.map(({ pk }) => pk)).toEqual([`EMAIL#${profile.email}`]);
  });

  test('deletes an image that S3 stored but did not confirm, and keeps the previous one', async () => {
    const { access, customer } = await signIn(world);
    const { body } = await updateByForm(access, { image: file(png) });
    world.sandbox.faults.late = true;
    // Long enough for a busy machine to store the image before the timeout.
    world.set({ S3_TIMEOUT_MS: '1500' });
    const startedAtMs = performance.now();
    const late = await updateByForm(access, { image: file(jpegWithExif('x')) });
    const tookMs = performance.now() - startedAtMs;
    expect([late.status, late.headers['retry-after'], late.body.errors]).toEqual([
      503,
      '5',
      [error('service_unavailable')],
    ]);
    // The upload and the deletion each wait for one timeout.
    expect(tookMs).toBeLessThan(4 * 1_500);
    world.reset();
    expect(await getProfile(access)).toMatchObject({ image: body.image });
    const listed = await fetch(`${world.sandbox.url}/s3/images?list-type=2&prefix=images/${customer.id}/`);
    expect((await listed.text()).match(/<Key>/g)).toHaveLength(1);
  });

  test('stores an uploaded image without its metadata, serves it, and deletes it when it is replaced or cleared', async () => {
    const { access, customer } = await signIn(world);
    const first = await updateByForm(access, { image: file(jpegWithExif('30.0444N 31.2357E')), full_name: 'Photo' });
    expect([first.status, first.body.full_name]).toEqual([200, 'Photo']);
    expect(first.body.image).toMatch(new RegExp(`/images/${customer.id}/[0-9a-f-]{36}\\.jpg$`));
    const served = await fetch(first.body.image);
    expect([served.status, served.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect(Buffer.from(await served.arrayBuffer()).includes('30.0444N')).toBe(false);

    const second = await updateByForm(access, { image: file(png, 'text/html') });
    expect(second.body.image).toMatch(/\.png$/);
    expect([await fetchImage(first.body.image), await fetchImage(second.body.image)]).toEqual([404, 200]);

    expect((await update(access, { image: 'https://example.com/mine.jpg' })).body.image).toBe(
      'https://example.com/mine.jpg',
    );
    expect(await fetchImage(second.body.image)).toBe(404);
    const third = await updateByForm(access, { image: file(webp) });
    expect((await update(access, { image: null })).body.image).toBeNull();
    expect(await fetchImage(third.body.image)).toBe(404);
  });

  test("never deletes another customer's image, even if the request names its URL", async () => {
    const [owner, thief] = [await signIn(world), await signIn(world)];
    const { image } = (await updateByForm(owner.access, { image: file(png) })).body;
    const https = image.replace(/^http:\/\/127\.0\.0\.1:\d+/, 'https://cdn.example.com');
    world.set({ IMAGES_URL: https.replace(/\/images\/\d+\/.*/, '') });
    const name = https.split('/').at(-1);
    for (const url of [https, https.replace(`/${name}`, `/../${owner.customer.id}/${name}`)]) {
      expect((await update(thief.access, { image: url })).status).toBe(200);
      expect((await update(thief.access, { image: null })).status).toBe(200);
    }
    expect(await fetchImage(image)).toBe(200);
  });

  test('stores one image of many parallel uploads', async () => {
    const { access } = await signIn(world);
    const responses = await Promise.all(Array.from({ length: 5 }, () => updateByForm(access, { image: file(png) })));
    expect(countStatuses(responses)).toEqual({ 200: 5 });
    const { image } = await getProfile(access);
    const imageStatuses = await Promise.all(responses.map(({ body }) => fetchImage(body.image)));
    expect(await fetchImage(image)).toBe(200);
    const urls = new Set(responses.map(({ body }) => body.image).filter((_, index) => imageStatuses[index] === 200));
    expect([...urls]).toEqual([image]);
  });

  test('deletes the uploaded image if the change is rejected', async () => {
    const [owner, { access, customer }] = [await signIn(world), await signIn(world)];
    await update(owner.access, { email: 'owner@example.com' });
    const { status, body } = await updateByForm(access, { image: file(png), email: 'owner@example.com' });
    expect([status, body.errors]).toEqual([400, [error('unique', 'email')]]);
    expect(await listImages(customer.id)).not.toContain('<Contents>');
  });

  test.each([
    ['a renamed script', file(Buffer.from('#!/bin/sh')), 400, 'invalid'],
    ['an empty file', file(Buffer.alloc(0)), 400, 'invalid'],
    ['a truncated image', file(png.subarray(0, 60)), 400, 'invalid'],
    ['a decompression bomb', file(pngOfSize(60_000, 60_000)), 400, 'invalid'],
    ['two files in one field', [file(png), file(png)], 400, 'invalid'],
    ['a file of 5 MB', file(Buffer.concat([png, Buffer.alloc(5_000_000)])), 413, 'payload_too_large'],
  ])('rejects %s as an image and changes nothing', async (_, image, status, code) => {
    const { access } = await signIn(world);
    const response = await updateByForm(access, { image, full_name: 'Never' });
    expect([response.status, response.body.errors[0].code]).toEqual([status, code]);
    expect(await getProfile(access)).toMatchObject({ image: null, full_name: '' });
  });

  test.each([
    ['en', 'The picture may have at most 50 megapixels.'],
    ['ar', 'يجب ألا تزيد دقة الصورة عن 50 ميغابكسل.'],
  ])('names the maximum of megapixels for an image, in %s', async (language, detail) => {
    const { access } = await signIn(world);
    await update(access, { language });
    const response = await updateByForm(access, { image: file(pngOfSize(10_000, 5_001)) });
    expect([response.status, response.body.errors]).toEqual([400, [{ attr: 'image', code: 'invalid', detail }]]);
    expect((await getProfile(access)).image).toBeNull();
  });

  const makePart = (name: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const filePart = '--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n';

  test.each([
    ['that is not multipart', 'no form at all', 400, 'parse_error'],
    ['with a truncated file', `${filePart}\x89PNG`, 400, 'parse_error'],
    ['with a repeated field', `${makePart('full_name', 'a')}${makePart('full_name', 'b')}--x--`, 400, 'invalid'],
    [
      'with sixty fields',
      `${Array.from({ length: 60 }, (_, n) => makePart(`f${n}`, '')).join('')}--x--`,
      413,
      'payload_too_large',
    ],
    ['with a long field', `${makePart('full_name', 'a'.repeat(70_000))}--x--`, 400, 'max_length'],
  ])('rejects a form %s', async (_, body, status, code) => {
    const { access } = await signIn(world);
    const headers = { 'Content-Type': 'multipart/form-data; boundary="x"' };
    const response = await world.call(updateCustomer, { method: 'PATCH', token: access, body, headers });
    expect([response.status, response.body.errors[0].code]).toEqual([status, code]);
  });

  test.each([
    ['a field with brackets next to one without', `${makePart('full_name', 'x')}${makePart('full_name[]', 'y')}--x--`],
    [
      'a field named __proto__',
      `${makePart('__proto__', 'x')}${makePart('__proto__[x]', 'y')}${makePart('full_name', 'x')}--x--`,
    ],
    [
      'a part without a name',
      `--x\r\nContent-Disposition: form-data\r\n\r\nlost\r\n${makePart('full_name', 'x')}--x--`,
    ],
  ])('ignores %s', async (_, body) => {
    const { access } = await signIn(world);
    const headers = { 'Content-Type': 'Multipart/Form-Data; boundary=x' };
    const response = await world.call(updateCustomer, { method: 'PATCH', token: access, body, headers });
    expect([response.status, response.body.full_name]).toEqual([200, 'x']);
  });

  test('makes at most three sequential calls to the table', async () => {
    const { access } = await signIn(world);
    world.engine.record();
    await update(access, { full_name: 'Quick', email: 'quick@example.com' });
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(3);
  });
});

describe('DeleteCustomer', () => {
  const remove = (token: string) => world.call(deleteCustomer, { method: 'DELETE', token });
  const readPartition = (id: number) => world.partition(`CUSTOMER#${id}`);
  let changes: Stream;
  beforeAll(async () => {
    changes = await world.openStream('followUp');
  });
  /** Invokes the worker with the new changes, and with those that it has not finished. */
  let unfinished: DynamoDBRecord[] = [];
  async function runWorker() {
    const Records = [...unfinished, ...(await changes.take())];
    const { batchItemFailures } = await invoke('followUp', { Records });
    unfinished = batchItemFailures.length > 0 ? Records : [];
    return { batchItemFailures };
  }

  /**
   * Signs in a customer with a unique marker in every text field, and in the part of their image
   * that is stored.
   */
  async function signInMarked(phone = world.phone()) {
    const marker = `marker-${phone.slice(1)}`;
    const code = await requestOtp(world, phone);
    const device = { registration_id: `${marker}-token`, device_id: `${marker}-device`, type: 'ios' };
    const { body } = await world.call(authenticate, {
      body: { phone_number: phone, otp: code, device, language: 'ar' },
    });
    const email = `${marker}@example.com`;
    const image = file(insertSegment(0xe2, Buffer.from(`ICC_PROFILE\0\x01\x01${marker}`)));
    const changed = await updateByForm(body.access, {
      full_name: marker,
      email,
      birth_date: '1971-03-09',
      gender: 'F',
      image,
    });
    expect(changed.status).toBe(200);
    await notifyOf(body.customer.id, { title: marker, body: marker, data: { note: marker } });
    return {
      marker,
      phone,
      email,
      registrationId: device.registration_id,
      access: body.access as string,
      refresh: body.refresh as string,
      id: body.customer.id as number,
      image: changed.body.image as string,
    };
  }

  async function readBucket(): Promise<string> {
    const list = await (await fetch(`${process.env.IMAGES_URL}?list-type=2`)).text();
    const keys = Array.from(list.matchAll(/<Key>([^<]+)/g), ([, key]) => key);
    const objects = keys.map(async (key) => `${key} ${await (await fetch(`${process.env.IMAGES_URL}/${key}`)).text()}`);
    return (await Promise.all(objects)).join();
  }

  test('revokes every session and releases the phone and the e-mail address immediately', async () => {
    const { phone, email, access, refresh: token, id } = await signInMarked();
    const { status, body } = await remove(access);
    expect([status, body]).toEqual([204, undefined]);
    const rejected = await world.call(getCustomer, { method: 'GET', token: access });
    expect([rejected.status, rejected.body.errors]).toEqual([401, [error('authentication_failed')]]);
    expect((await world.call(refresh, { body: { refresh: token } })).body.errors).toEqual([error('token_not_valid')]);
    world.advance(60);
    const again = await authenticateWith(world, phone, await requestOtp(world, phone));
    expect([again.status, again.body.customer.full_name]).toEqual([201, '']);
    expect(again.body.customer.id).not.toBe(id);
    const claimed = await world.call(updateCustomer, { method: 'PATCH', token: again.body.access, body: { email } });
    expect(claimed.status).toBe(200);
  });

  test('erases personal data from the table, the bucket, the sandbox and the log, and keeps an anonymous wallet', async () => {
    let marked: Awaited<ReturnType<typeof signInMarked>> | undefined;
    const lines = await logOf(async () => {
      marked = await signInMarked();
      const { id, marker, phone, access } = marked;
      // Each stored text holds the marker, or is empty or one of a few values. A new field must get
      // the marker in signInMarked.
      const stored = JSON.stringify(await readPartition(id));
      const constants = /^(|ar|F|EG|EGP|ios|none|other|sign-in|1971-03-09|[A-Z_]+#\S+|PROFILE|WALLET)$/;
      for (const [, value] of stored.matchAll(/:"([^"]*)"/g)) {
        expect(
          value?.includes(marker) ||
            value === phone ||
            value?.startsWith(`images/${id}/`) ||
            constants.test(value ?? ''),
        ).toBe(true);
      }
      expect(await readBucket()).toContain(marker);
      await world.call(exportCustomer, { method: 'GET', token: access });
      await remove(access);
      expect(await runWorker()).toEqual({ batchItemFailures: [] });
    });
    const { marker, phone, id } = marked ?? (await signInMarked());
    // A delivered SMS is on the customer's own phone. Only its number is personal data.
    const delivered = world.sandbox.messages.list().map(({ text, payload }) => ({ text, payload }));
    const places = {
      table: JSON.stringify(await world.items()),
      bucket: await readBucket(),
      sandbox: JSON.stringify(delivered),
      log: lines.join(),
    };
    for (const [place, content] of Object.entries(places)) {
      for (const personal of [marker, phone.slice(1), '1971-03-09']) {
        expect([place, personal, content.includes(personal)]).toEqual([place, personal, false]);
      }
    }
    expect(await readPartition(id)).toEqual([{ pk: `CUSTOMER#${id}`, sk: 'WALLET', ...makeEmptyWallet('EGP') }]);
  });

  test('never erases a customer who has not been deleted', async () => {
    const { access, id } = await signInMarked();
    await world.put({ pk: `CUSTOMER#${id}`, sk: 'ERASURE', customerId: id });
    expect((await runWorker()).batchItemFailures).toHaveLength(1);
    expect((await world.call(getCustomer, { method: 'GET', token: access })).status).toBe(200);
    await world.delete({ pk: `CUSTOMER#${id}`, sk: 'ERASURE' });
  });

  test('makes the worker run again for an image that arrived after the deletion', async () => {
    const { access, id } = await signInMarked();
    const conflict = { CancellationReasons: [{ Code: 'TransactionConflict' }] };
    let isBlocked = false;
    world.engine.fail((operation) => {
      isBlocked ||= operation === 'TransactWriteItems';
      return isBlocked ? { status: 400, type: 'TransactionCanceledException', extra: conflict } : undefined;
    });
    const late = updateByForm(access, { image: file(png) });
    while (!isBlocked) await new Promise((resolve) => setImmediate(resolve));
    await world.delete({ pk: `CUSTOMER#${id}`, sk: 'PROFILE' });
    world.engine.heal();
    expect((await late).status).toBe(401);
    expect((await readPartition(id)).map(({ sk }) => sk)).toContain('ERASURE');
    await runWorker();
    expect(await readBucket()).not.toContain(`images/${id}/`);
  });

  test('is completed by the worker after an interruption at any call, and can be repeated', async () => {
    for (let failing = 1; ; failing++) {
      const { access, id, image } = await signInMarked();
      await remove(access);
      let calls = 0;
      world.engine.fail(() => {
        calls += 1;
        return calls === failing ? { status: 400, type: 'AccessDeniedException' } : undefined;
      });
      const { batchItemFailures } = await runWorker();
      world.engine.heal();
      await runWorker();
      await runWorker();
      expect((await readPartition(id)).map(({ sk }) => sk)).toEqual(['WALLET']);
      expect((await fetch(image)).status).toBe(404);
      if (batchItemFailures.length === 0) break;
      expect(failing).toBeLessThan(20);
    }
  });

  test('keeps a device that another customer has registered since', async () => {
    const { access, registrationId } = await signInMarked();
    await remove(access);
    const buyer = await signIn(world, { registrationId });
    await runWorker();
    const devices = (await world.items()).filter((item) => item.registrationId === registrationId && 'active' in item);
    expect(devices).toMatchObject([{ pk: `CUSTOMER#${buyer.customer.id}`, active: true }]);
    expect(
      (await world.items()).filter(
        ({ pk, customerId }) => String(pk).startsWith('PUSH_TOKEN#') && customerId === buyer.customer.id,
      ),
    ).toHaveLength(1);
  });

  test('succeeds for one of two parallel requests, and returns 401 to the other', async () => {
    const { access } = await signInMarked();
    expect(countStatuses(await Promise.all([remove(access), remove(access)]))).toEqual({ 204: 1, 401: 1 });
    expect((await remove(access)).status).toBe(401);
  });

  test('leaves no unique claim behind when the e-mail address changes in parallel', async () => {
    for (let round = 0; round < 5; round++) {
      const { access, email: old } = await signInMarked();
      const email = `race-${round}@example.com`;
      await Promise.all([
        remove(access),
        world.call(updateCustomer, { method: 'PATCH', token: access, body: { email } }),
      ]);
      const claims = [old, email].map((address) => `EMAIL#${address}`);
      expect((await world.items()).filter(({ pk }) => claims.includes(String(pk)))).toEqual([]);
    }
  });

  test('makes at most three sequential calls to the table', async () => {
    const { access } = await signIn(world);
    world.engine.record();
    await remove(access);
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(3);
  });
});

describe('exportCustomer', () => {
  test("returns every stored item of the customer, and no other customer's", async () => {
    const { access, customer, phone, registrationId } = await signIn(world);
    await signIn(world);
    await updateByForm(access, { full_name: 'Export', image: file(png) });
    const { status, body } = await world.call(exportCustomer, { method: 'GET', token: access });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      profile: { id: customer.id, phone_number: phone, full_name: 'Export', created_at: expect.stringMatching(/Z$/) },
      wallet: { balance_minor: 0, currency: 'EGP' },
      sessions: [{ registration_id: registrationId }],
      devices: [{ registration_id: registrationId, type: 'android' }],
    });
    expect(JSON.stringify(body)).not.toContain('used_tokens');
    expect(body.next).toBeNull();
  });

  test('rejects a forged cursor and the cursor of another customer', async () => {
    const [caller, other] = [await signIn(world), await signIn(world)];
    const own = `CUSTOMER#${caller.customer.id}`;
    const ofOther = makeCursor(`CUSTOMER#${other.customer.id}`, 'PROFILE');
    // The last two are not valid sort keys in DynamoDB.
    const cursors = ['x', '', 'AAAA', ofOther, makeCursor(own, ''), makeCursor(own, 'x'.repeat(1_025))];
    const responses = await Promise.all(
      cursors.map((cursor) => world.call(exportCustomer, { method: 'GET', token: caller.access, query: { cursor } })),
    );
    expect(responses.map(({ status }) => status)).toEqual([404, 200, 404, 404, 404, 404]);
  });

  test('returns notifications with their read state, without deleted and expired ones', async () => {
    const { access, customer } = await signIn(world);
    const exportReadStates = async () =>
      (await world.call(exportCustomer, { method: 'GET', token: access })).body.notifications.map(
        ({ is_read }: { is_read: boolean }) => is_read,
      );
    await notifyOf(customer.id, { expiresAtSeconds: Math.floor(Date.now() / 1000) + 10 });
    await notifyOf(customer.id);
    expect(await exportReadStates()).toEqual([false, false]);
    world.advance(10);
    await world.call(readAllNotifications, { token: access });
    expect(await exportReadStates()).toEqual([true]);
    await world.call(bulkDelete, { token: access });
    expect(await exportReadStates()).toEqual([]);
  });

  test('has a schema in personalData for every stored attribute', async () => {
    const { access, customer } = await signIn(world);
    await updateByForm(access, {
      full_name: 'Map',
      email: 'map@example.com',
      birth_date: '1990-01-01',
      image: file(png),
    });
    await notifyOf(customer.id);
    const pointers = /^(NOTIFICATION_ID|UNREAD)#\d/;
    const stored = await world.partition(`CUSTOMER#${customer.id}`);
    const items = stored.filter(({ sk }) => !pointers.test(String(sk)));
    expect(items).toHaveLength(5);
    for (const { pk: _, sk, ...attributes } of items) {
      const kind = Object.values(personalData).find((candidate) => String(sk).startsWith(candidate.sk));
      expect(Object.keys(attributes).sort()).toEqual(Object.keys(kind?.schema.shape ?? {}).sort());
    }
  });
});
