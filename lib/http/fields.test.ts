import { handler as createAddress } from '../../functions/addresses/create.ts';
import { handler as updateAddress } from '../../functions/addresses/update.ts';
import { handler as sendOtp } from '../../functions/auth/sendOtp.ts';
import { handler as updateCustomer } from '../../functions/customers/update.ts';
import { handler as listNotifications } from '../../functions/notifications/list.ts';
import { handler as updatePreferences } from '../../functions/notifications/updatePreferences.ts';
import { handler as availability } from '../../functions/password/availability.ts';
import { handler as forgetPassword } from '../../functions/password/forget.ts';
import { handler as resetPassword } from '../../functions/password/reset.ts';
import { handler as signup } from '../../functions/password/signup.ts';
import { handler as verifyPhone } from '../../functions/password/verifyPhone.ts';
import { handler as findRegion } from '../../functions/regions/findByPoint.ts';
import { handler as getWallet } from '../../functions/wallet/get.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { callWithForm } from '../testing/fixtures/forms.ts';
import { addressOf, authenticateWith, requestOtp, signIn } from '../testing/stage/signIn.ts';
import { cheapPasswords, logIn, newAccount, nextAddress, signUp, verify } from '../testing/stage/signUp.ts';
import { useWorld } from '../testing/stage/world.ts';

const world = useWorld({ seed: ['countries', 'regions', 'settings', 'passwords'] });
beforeEach(() => cheapPasswords(world));

/** Puts a mark around each character of a text. */
const marked = (text: string, mark: string) => Array.from(text, (character) => mark + character).join('') + mark;
const grouped = (otp: string, between: string) => `${otp.slice(0, 3)}${between}${otp.slice(3)}`;

const invisibleMarks = {
  'left-to-right marks': '\u200e',
  'right-to-left embeddings': '\u202b',
  'left-to-right isolates': '\u2066',
  'zero-width spaces': '\u200b',
  'zero-width joiners': '\u200d',
  'word joiners': '\u2060',
  'byte order marks': '\ufeff',
  'Arabic letter marks': '\u061c',
  'soft hyphens': '\u00ad',
  'combining grapheme joiners': '\u034f',
  'variation selectors': '\ufe0f',
  'Hangul fillers': '\u3164',
  'half-width Hangul fillers': '\uffa0',
  'Mongolian vowel separators': '\u180e',
  'tag characters': '\u{e0041}',
  'control characters': '\u0085\u0001',
  'Braille blanks': '\u2800',
};
const marks = Object.entries(invisibleMarks);

describe('an OTP', () => {
  test.each(marks)('with %s around its digits is accepted', async (_, mark) => {
    const phone = world.phone();
    const otp = await requestOtp(world, phone);
    expect((await authenticateWith(world, phone, marked(otp, mark))).status).toBe(201);
  });

  test.each([' ', '-', '\u00a0', '\u202f', '\u2009', '\t', '\u2010', '\u2013', '\u2212', ' - ', '\u2007\u2014'])(
    'in two groups with %j between them is accepted',
    async (between) => {
      const phone = world.phone();
      const otp = await requestOtp(world, phone);
      expect((await authenticateWith(world, phone, grouped(otp, between))).status).toBe(201);
    },
  );

  test('in groups with invisible characters verifies a phone and resets a password', async () => {
    const account = await signUp(world);
    const clientIp = addressOf(account.phone);
    await world.call(verifyPhone, { token: account.token, clientIp });
    const verification_code = marked(grouped(world.otpFor(account.phone), '-'), '\u200f');
    const verified = await world.call(verifyPhone, {
      token: account.token,
      clientIp,
      body: { verification_code },
    });
    expect(verified.status).toBe(200);

    world.advance(3_600);
    await world.call(forgetPassword, { body: { email: account.email }, clientIp });
    const token = marked(grouped(world.otpFor(account.phone), ' '), '\u2069');
    const body = { email: account.email, token, password: 'green tea 12 pots' };
    expect((await world.call(resetPassword, { body, clientIp })).status).toBe(200);
  });

  test('without a visible character is blank', async () => {
    const phone = world.phone();
    await requestOtp(world, phone);
    const { status, body } = await authenticateWith(world, phone, '\u200e \u2066');
    expect({ status, errors: body.errors }).toEqual({
      status: 400,
      errors: [expect.objectContaining({ code: 'blank', attr: 'otp' })],
    });
  });
});

describe('an e-mail address', () => {
  test.each(marks)('with %s in it is the same address', async (_, mark) => {
    const account = await signUp(world);
    const email = marked(account.email, mark);
    expect((await logIn(world, { ...account, email })).status).toBe(200);
    const query = { email };
    expect((await world.call(availability, { method: 'GET', query, clientIp: nextAddress() })).status).toBe(423);
  });
});

describe('a name or another text', () => {
  const controls = Array.from('\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069');
  const update = async (full_name: string) => {
    const { access } = await signIn(world);
    return (await world.call(updateCustomer, { method: 'PATCH', token: access, body: { full_name } })).body.full_name;
  };

  test('is stored without characters that reorder the surrounding text', async () => {
    expect(await update(`${controls.join('')}Mo${controls.join(' ')}na\u202e `)).toBe(`Mo${' '.repeat(8)}na`);
    const { access } = await signIn(world);
    const point = { type: 'Point', coordinates: [31.2357, 30.0444] };
    const body = { point, description: '5\u202e Nile Street', map_description: '\u2066Tower', location_type: 'HOME' };
    const address = await world.call(createAddress, { token: access, body });
    expect(address.body).toMatchObject({ description: '5 Nile Street', map_description: 'Tower' });
  });

  test.each(['می\u200cخواهم', 'क्\u200dष', 'منى \u200fA\u200e', '👩\u200d💻', 'منى\nحسن', '\u061cمنى'])(
    '%j keeps the joiners and marks that its language needs',
    async (name) => {
      expect(await update(name)).toBe(name);
    },
  );
});

describe('an e-mail address', () => {
  const patch = (token: string, email: string) =>
    world.call(updateCustomer, { method: 'PATCH', token, body: { email } });

  test.each([
    ['test@xn--mgbh0fb.xn--wgbh1c', 'test@xn--mgbh0fb.xn--wgbh1c'],
    ['test2@مثال.مصر', 'test2@xn--mgbh0fb.xn--wgbh1c'],
    ['TEST3@XN--MGBH0FB.XN--WGBH1C', 'test3@xn--mgbh0fb.xn--wgbh1c'],
    ['info@räucher.de', 'info@xn--rucher-bua.de'],
    ['Info2@RA\u0308UCHER.de', 'info2@xn--rucher-bua.de'],
    ['dots@mail\uff0eexample\u3002com', 'dots@mail.example.com'],
    ['a&b@example.com', 'a&b@example.com'],
    ['a=b@example.com', 'a=b@example.com'],
    ['a/b@example.com', 'a/b@example.com'],
    ["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
    [`b@${'a'.repeat(63)}.com`, `b@${'a'.repeat(63)}.com`],
    ['c@a--b.1-2.co', 'c@a--b.1-2.co'],
  ])('%s is accepted and stored as %s', async (input, email) => {
    const { access } = await signIn(world);
    const { status, body } = await patch(access, input);
    expect([status, body.email]).toEqual([200, email]);
  });

  test.each([
    'k@example-.com',
    'k@-example.com',
    'k@example.-com',
    `k@${'a'.repeat(64)}.com`,
    `k@${'ä'.repeat(60)}.com`,
    `${'a'.repeat(65)}@example.com`,
    '\u212a@example.com',
    'mona\u0130@example.com',
    'مونا@example.com',
    '.k@example.com',
    'k.@example.com',
    'k..k@example.com',
    'k@example..com',
    'k@.example.com',
    'k@example.com.',
    'k@example.com\u3002',
    'k@example',
    'k@example.c',
    'k@example.123',
    'k@192.0.2.1',
    'k@[192.0.2.1]',
    'k@0x7f.1',
    'k@exa_mple.com',
    'k@exa%2dmple.com',
    'k@example.com/path',
    'k@example.com:80',
    'k@example.com?x',
    'k@exa\tmple.com',
    'k@a\u2100b.com',
    'k@xn--a.com',
    'k@example.xn--a',
    'k k@example.com',
    '"k"@example.com',
    'k@l@example.com',
    '@example.com',
    'k@',
    'k',
  ])('%j is invalid', async (input) => {
    const { access } = await signIn(world);
    const { status, body } = await patch(access, input);
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ code: 'invalid', attr: 'email' })]]);
  });

  test('that has more than 254 characters in ASCII is too long', async () => {
    const { access } = await signIn(world);
    const { body } = await patch(access, `${'k'.repeat(20)}@${'räucher.'.repeat(16)}de`);
    expect(body.errors).toEqual([{ code: 'max_length', attr: 'email', detail: 'Use at most 254 characters.' }]);
  });

  test('with an internationalized domain name is one address in every spelling', async () => {
    const account = await signUp(world, { email: 'One@مثال.مصر' });
    for (const email of ['one@xn--mgbh0fb.xn--wgbh1c', 'ONE@XN--MGBH0FB.xn--wgbh1c', 'one@\u200fمثال\uff61مصر']) {
      expect((await logIn(world, { ...account, email })).status).toBe(200);
      const request = { method: 'GET', query: { email }, clientIp: nextAddress() };
      expect((await world.call(availability, request)).status).toBe(423);
    }
  });
});

describe('a phone', () => {
  test.each(marks)('with %s in it receives an OTP', async (_, mark) => {
    const phone = world.phone();
    const body = { phone_number: marked(phone, mark), otp_type: 'customer_auth' };
    const response = await world.call(sendOtp, { body, clientIp: addressOf(phone) });
    expect([response.status, response.body.phone_number]).toEqual([200, phone]);
  });

  test.each([
    ' ',
    '\u00a0',
    '\u202f',
    '\u2009',
    '\u2007',
    '\u205f',
    '\u3000',
    '\t',
    '\u2028',
    '\u2011',
    '\ufe63',
    '\u2212',
  ])('in groups with %j between them receives an OTP', async (between) => {
    const phone = world.phone();
    const phone_number = `\t${phone.slice(0, 3)}${between}${phone.slice(3, 6)}${between}${phone.slice(6)}\u202f`;
    const body = { phone_number, otp_type: 'customer_auth' };
    const response = await world.call(sendOtp, { body, clientIp: addressOf(phone) });
    expect([response.status, response.body.phone_number]).toEqual([200, phone]);
  });

  test.each(['\uff0b', '\ufe62', '\u200e\uff0b\u202f', '\uff10\uff10'])(
    'with %j before full-width digits receives an OTP',
    async (start) => {
      const phone = world.phone();
      const digits = phone.slice(1).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
      const body = { phone_number: start + digits, otp_type: 'customer_auth' };
      const response = await world.call(sendOtp, { body, clientIp: addressOf(phone) });
      expect([response.status, response.body.phone_number]).toEqual([200, phone]);
    },
  );

  test('with an invisible character before an unencoded plus is found by a query', async () => {
    const account = await signUp(world);
    await verify(world, account);
    const query = { phone: `\u200e ${account.phone.slice(1)}` };
    const { status, body } = await world.call(availability, { method: 'GET', query, clientIp: nextAddress() });
    expect([status, Object.keys(body.errors.errorDetails)]).toEqual([423, ['phone']]);
  });
});

describe('digits', () => {
  const zeros = { 'Arabic-Indic': 0x0660, Persian: 0x06f0, 'full-width': 0xff10 };
  const scripts = Object.entries(zeros).map(([script, zero]) => {
    const isWide = script === 'full-width';
    const write = (text: string) =>
      text
        .replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))
        .replaceAll('.', isWide ? '\uff0e' : '\u066b')
        .replaceAll('-', isWide ? '\uff0d' : '\u2212');
    return [script, write] as const;
  });
  const get = (handler: Endpoint, query: Record<string, string>, token?: string) =>
    world.call(handler, { method: 'GET', query, ...(token && { token }) });

  test.each(scripts)('(%s) are accepted in an OTP and a phone', async (_, write) => {
    const phone = world.phone();
    const body = { phone_number: write(phone), otp_type: 'customer_auth' };
    expect((await world.call(sendOtp, { body, clientIp: addressOf(phone) })).status).toBe(200);
    const otp = write(world.otpFor(phone));
    expect((await authenticateWith(world, phone, otp)).status).toBe(201);
  });

  test.each(scripts)('(%s) are accepted in dates', async (_, write) => {
    const { access } = await signIn(world);
    const body = { birth_date: `\u200f${write('2000-02-09')}\u200e` };
    const changed = await world.call(updateCustomer, { method: 'PATCH', token: access, body });
    expect([changed.status, changed.body.birth_date]).toEqual([200, '2000-02-09']);
    const account = newAccount(world, { birthdate: write('1990-05-17') });
    const signedUp = await world.call(signup, { body: account, clientIp: nextAddress() });
    expect(signedUp.body.data.birthdate).toBe('1990-05-17');
  });

  test.each(scripts)('(%s) are accepted in the numbers of a query', async (_, write) => {
    const { access } = await signIn(world);
    const region = await get(findRegion, { long: `\u061c${write('31.2357')}`, lat: write('+30.0444') });
    expect([region.status, region.body]).toEqual([
      200,
      (await get(findRegion, { long: '31.2357', lat: '30.0444' })).body,
    ]);
    expect(region.body.code).not.toBe('');
    const west = await get(findRegion, { long: write('-31.2357'), lat: write('30') });
    expect([west.status, west.body.code]).toEqual([200, '']);
    expect((await get(listNotifications, { page_size: write('10') }, access)).status).toBe(200);
    expect((await get(listNotifications, { page_size: write('0') }, access)).body.errors[0].code).toBe('min_value');
    expect((await get(getWallet, { page_size: ` ${write('101')} ` }, access)).body.errors[0].code).toBe('max_value');
  });

  test.each(scripts)('(%s) are accepted in the times of quiet hours', async (_, write) => {
    const { access } = await signIn(world);
    const body = { quiet_hours: { start: write('22:00'), end: write('07:00').replace(':', '\uff1a') } };
    const changed = await world.call(updatePreferences, { method: 'PATCH', token: access, body });
    expect(changed.body.quiet_hours).toEqual({ start: '22:00', end: '07:00' });
  });

  test.each(scripts)('(%s) are accepted in forms and paths', async (_, write) => {
    const { access } = await signIn(world);
    const point = `{"type":"Point","coordinates":[\u200e${write('31.2357')}\u060c ${write('30.0444')}]}`;
    const form = { point, description: 'x', location_type: 'HOME' };
    const { status, body } = await callWithForm(world, createAddress, { token: access }, form);
    expect([status, body.point]).toEqual([201, { type: 'Point', coordinates: [31.2357, 30.0444] }]);
    const request = { method: 'PATCH', token: access };
    const primary = { primary_address: write(String(body.id)) };
    expect((await callWithForm(world, updateCustomer, request, primary)).body.primary_address).toBe(body.id);
    const params = { id: encodeURIComponent(write(String(body.id))) };
    const changed = await world.call(updateAddress, { ...request, params, body: { description: 'y' } });
    expect([changed.status, changed.body.description]).toEqual([200, 'y']);
  });

  test.each(['2000-02-09T00:00:00.000Z', '2000-02-09T00:00:00+02:00', '2000-02-09 00:00', '2000-02-9', '٢٠٠٠-٠٢-٣٠'])(
    'as in %s are not a plain date',
    async (birth_date) => {
      const { access } = await signIn(world);
      const { body } = await world.call(updateCustomer, { method: 'PATCH', token: access, body: { birth_date } });
      expect(body.errors).toEqual([expect.objectContaining({ code: 'invalid', attr: 'birth_date' })]);
    },
  );

  test.each(['٣١٬٢', '٣١,٢', '٣١٫٢٫١', '٠x١', 'Infinity', '٣١ ٢'])(
    'as in %s are not a number of a query',
    async (long) => {
      const { status, body } = await get(findRegion, { long, lat: '30' });
      expect([status, body.errors]).toEqual([400, [expect.objectContaining({ code: 'invalid', attr: 'long' })]]);
    },
  );
});
