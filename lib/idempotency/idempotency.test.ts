import { handler as createAddress } from '../../functions/addresses/create.ts';
import { handler as deleteAddress } from '../../functions/addresses/delete.ts';
import { handler as reauthenticate } from '../../functions/auth/reauthenticate.ts';
import { handler as sendOtp } from '../../functions/auth/sendOtp.ts';
import { handler as changePhone } from '../../functions/customers/changePhone.ts';
import { handler as deleteCustomer } from '../../functions/customers/delete.ts';
import { handler as requestPhoneChange } from '../../functions/customers/requestPhoneChange.ts';
import { handler as createDevice } from '../../functions/devices/create.ts';
import { handler as setPassword } from '../../functions/password/set.ts';
import { eraseCustomer } from '../privacy/erasure.ts';
import { callWithForm, file, listImages } from '../testing/fixtures/forms.ts';
import { png } from '../testing/fixtures/images.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { cheapPasswords, nextAddress } from '../testing/stage/signUp.ts';
import { type SignedInCustomer, type TestResponse, useWorld } from '../testing/stage/world.ts';

const world = useWorld();
beforeEach(() => cheapPasswords(world));

let keys = 0;
const newKey = () => {
  keys += 1;
  return { 'Idempotency-Key': `"key-${keys}"` };
};
type Headers = Record<string, string>;
const partition = (customerId: number) => world.partition(`CUSTOMER#${customerId}`);
const count = async (customerId: number, prefix: string) =>
  (await partition(customerId)).filter(({ sk }) => String(sk).startsWith(prefix)).length;
const codeOf = ({ body }: TestResponse) => body.errors?.[0].code;

async function otpFor(phone: string, otp_type: string, clientIp = nextAddress()): Promise<string> {
  await world.call(sendOtp, { body: { phone_number: phone, otp_type }, clientIp });
  return world.otpFor(phone);
}

const address = {
  point: { type: 'Point', coordinates: [31.2357, 30.0444] },
  description: 'Tahrir Square 1',
  location_type: 'HOME',
};

interface Prepared {
  send: (headers?: Headers, changes?: object, token?: string) => Promise<TestResponse>;
  /** Another body for the same operation. */
  other: object;
  /** Returns what the request has changed. It is the same after one request and after two. */
  effect: () => Promise<unknown>;
}

type Prepare = (owner: SignedInCustomer) => Promise<Prepared>;

/** Every operation that runs once for each key of a signed-in customer. */
const operations: [string, Prepare][] = [
  [
    'CreateAddress',
    async ({ access, customer }) => ({
      send: (headers = {}, changes = {}, token = access) =>
        world.call(createAddress, { token, headers, body: { ...address, ...changes } }),
      other: { description: 'Tahrir Square 2' },
      effect: () => count(customer.id, 'ADDRESS#'),
    }),
  ],
  [
    'devices_create',
    async ({ access, customer, phone }) => ({
      send: (headers = {}, changes = {}, token = access) =>
        world.call(createDevice, {
          token,
          headers,
          body: { registration_id: `new:${phone}`, type: 'web', ...changes },
        }),
      other: { type: 'android' },
      effect: () => count(customer.id, 'DEVICE#'),
    }),
  ],
  [
    'changePhone',
    async ({ access, customer, phone: oldPhone }) => {
      const phone = world.phone();
      const clientIp = nextAddress();
      const otp = await otpFor(phone, 'phone_change', clientIp);
      return {
        send: (headers = {}, changes = {}, token = access) =>
          world.call(changePhone, { token, headers, clientIp, body: { phone_number: phone, otp, ...changes } }),
        other: { phone_number: world.phone() },
        effect: async () => {
          const profile = (await partition(customer.id)).find(({ sk }) => sk === 'PROFILE');
          return [profile?.phoneNumber, profile?.signIns, world.sandbox.messages.list(oldPhone).length];
        },
      };
    },
  ],
  [
    'requestPhoneChange',
    async ({ access, customer, phone: oldPhone }) => {
      const [phone, clientIp] = [world.phone(), nextAddress()];
      const otp = await otpFor(phone, 'phone_change', clientIp);
      return {
        send: (headers = {}, changes = {}, token = access) =>
          world.call(requestPhoneChange, {
            token,
            headers,
            clientIp,
            body: { phone_number: phone, otp, ...changes },
          }),
        other: { phone_number: world.phone() },
        effect: async () => {
          const profile = (await partition(customer.id)).find(({ sk }) => sk === 'PROFILE');
          return [profile?.phoneChange, world.sandbox.messages.list(oldPhone).length];
        },
      };
    },
  ],
  [
    'setPassword',
    async ({ access, customer }) => {
      const body = { email: `idempotent${customer.id}@example.com`, password: 'violet bicycle 77' };
      return {
        send: (headers = {}, changes = {}, token = access) =>
          world.call(setPassword, { token, headers, body: { ...body, ...changes } }),
        other: { password: 'another bicycle 78' },
        effect: async () => {
          const items = await partition(customer.id);
          const [profile, password] = ['PROFILE', 'PASSWORD'].map((name) => items.find(({ sk }) => sk === name));
          return [profile?.email, profile?.signIns, password?.hash];
        },
      };
    },
  ],
  [
    'reauthenticate',
    async ({ access, customer, phone }) => {
      world.advance(60);
      const otp = await otpFor(phone, 'reauthentication');
      return {
        send: (headers = {}, changes = {}, token = access) =>
          world.call(reauthenticate, { token, headers, body: { otp, ...changes } }),
        other: { otp: '', password: 'violet bicycle 77' },
        effect: async () => (await partition(customer.id)).map(({ provenAtSeconds }) => provenAtSeconds).sort(),
      };
    },
  ],
];

describe.each(operations)('%s with an Idempotency-Key', (name, prepare) => {
  test('runs once, and a repetition gets the same response', async () => {
    const { send, effect } = await prepare(await signIn(world));
    const headers = newKey();
    const first = await send(headers);
    expect(first.status).toBeLessThan(300);
    const after = await effect();
    world.advance(90);
    const second = await send(headers);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(await effect()).toEqual(after);
  });

  test('takes the same key with and without quotes', async () => {
    const { send } = await prepare(await signIn(world));
    const headers = newKey();
    const first = await send(headers);
    const bare = { 'idempotency-key': headers['Idempotency-Key'].replaceAll('"', '') };
    expect((await send(bare)).body).toEqual(first.body);
  });

  test('rejects another request with the key, and changes nothing', async () => {
    const { send, other, effect } = await prepare(await signIn(world));
    const headers = newKey();
    await send(headers);
    const after = await effect();
    const conflict = await send(headers, other);
    if (name === 'reauthenticate') expect(conflict.status).toBe(204);
    else expect([conflict.status, codeOf(conflict)]).toEqual([422, 'idempotency_key_reused']);
    expect(await effect()).toEqual(after);
  });

  test('rejects a malformed key, and changes nothing', async () => {
    const { send, effect } = await prepare(await signIn(world));
    const before = await effect();
    for (const key of ['', '"', 'a b', 'k'.repeat(256)]) {
      const rejected = await send({ 'Idempotency-Key': key });
      expect([rejected.status, codeOf(rejected)]).toEqual([400, 'idempotency_key_invalid']);
    }
    expect(await effect()).toEqual(before);
  });

  test('is independent of the same key of another customer', async () => {
    const headers = newKey();
    const [one, two] = [await prepare(await signIn(world)), await prepare(await signIn(world))];
    expect((await one.send(headers)).status).toBeLessThan(300);
    expect((await two.send(headers)).status).toBeLessThan(300);
  });

  test('runs once if its copies are sent at the same time', async () => {
    const { send, effect } = await prepare(await signIn(world));
    const headers = newKey();
    const copies = await Promise.all([send(headers), send(headers), send(headers)]);
    const [first] = copies.filter(({ status }) => status < 300);
    for (const copy of copies) expect([copy.status, copy.body]).toEqual([first?.status, first?.body]);
    const after = await effect();
    expect((await send(headers)).body).toEqual(first?.body);
    expect(await effect()).toEqual(after);
  });

  test('runs once if the function dies after any call to the table', async () => {
    for (let crashAt = 1, isOver = false; !isOver; crashAt++) {
      world.reset();
      cheapPasswords(world);
      const { send, effect } = await prepare(await signIn(world));
      const headers = newKey();
      let calls = 0;
      world.engine.fail(() => (++calls >= crashAt ? 'lose response' : undefined));
      const crashed = await send(headers);
      world.engine.heal();
      isOver = crashed.status < 500;
      const first = await send(headers);
      expect(first.status).toBeLessThan(300);
      const after = await effect();
      expect((await send(headers)).body).toEqual(first.body);
      expect(await effect()).toEqual(after);
    }
  });

  test('leaves neither the key nor a password in the table', async () => {
    const owner = await signIn(world);
    const { send } = await prepare(owner);
    await send({ 'Idempotency-Key': 'planted-key' });
    const records = (await partition(owner.customer.id)).filter(({ sk }) => String(sk).startsWith('IDEMPOTENCY#'));
    expect(records).toHaveLength(1);
    for (const secret of ['planted-key', 'violet bicycle', owner.access]) {
      expect(JSON.stringify(records)).not.toContain(secret);
    }
  });
});

describe('an idempotency key', () => {
  const create = (token: string, headers: Headers, changes: object = {}) =>
    world.call(createAddress, { token, headers, body: { ...address, ...changes } });

  test('expires after 24 h, so the same request runs again', async () => {
    world.set({ ACCESS_TOKEN_SECONDS: '864000' });
    const { access } = await signIn(world);
    const headers = newKey();
    const first = await create(access, headers);
    world.advance(86_399);
    expect((await create(access, headers)).body.id).toBe(first.body.id);
    world.advance(1);
    expect((await create(access, headers, { description: 'later' })).status).toBe(201);
  });

  test('may be used again after a request that failed', async () => {
    const { access } = await signIn(world);
    const headers = newKey();
    const outside = { point: { type: 'Point', coordinates: [0, 0] } };
    expect(codeOf(await create(access, headers, outside))).toBe('unsupported_region');
    expect((await create(access, headers)).status).toBe(201);
  });

  test('of another operation is a conflict', async () => {
    const { access } = await signIn(world);
    const headers = newKey();
    await create(access, headers);
    const device = { token: access, headers, body: { registration_id: 'x', type: 'web' } };
    expect((await world.call(createDevice, device)).status).toBe(422);
  });

  test('makes two equal addresses for two taps, and does not restore a deleted one', async () => {
    const { access, customer } = await signIn(world);
    const headers = newKey();
    const [one, two] = [await create(access, headers), await create(access, newKey())];
    expect(two.body.id).not.toBe(one.body.id);
    const params = { id: String(one.body.id) };
    expect((await world.call(deleteAddress, { method: 'DELETE', token: access, params })).status).toBe(204);
    expect((await create(access, headers)).body).toEqual(one.body);
    expect(await count(customer.id, 'ADDRESS#')).toBe(1);
  });

  test('stores one picture for one address, also for copies at the same time', async () => {
    const { access, customer } = await signIn(world);
    const form = {
      point: JSON.stringify(address.point),
      description: 'x',
      location_type: 'HOME',
      map_image: file(png),
    };
    const headers = newKey();
    const upload = () => callWithForm(world, createAddress, { token: access, headers }, form);
    const copies = await Promise.all([upload(), upload()]);
    copies.push(await upload());
    expect(new Set(copies.map(({ status, body }) => `${status} ${body.map_image}`)).size).toBe(1);
    expect((await listImages(customer.id)).match(/<Key>/g)).toHaveLength(1);
  });

  test('is erased with its customer', async () => {
    const { access, customer } = await signIn(world);
    await create(access, newKey());
    await world.call(deleteCustomer, { method: 'DELETE', token: access });
    await eraseCustomer(customer.id);
    expect(await count(customer.id, 'IDEMPOTENCY#')).toBe(0);
  });

  test('of a new password does not let a thief with the access token guess the password', async () => {
    const { access, customer } = await signIn(world);
    const headers = newKey();
    const email = `guess${customer.id}@example.com`;
    const set = (password: string) => world.call(setPassword, { token: access, headers, body: { email, password } });
    expect((await set('violet bicycle 77')).status).toBe(200);
    const guesses = Array.from({ length: 12 }, (_, index) => `violet bicycle ${index}`);
    const statuses = [];
    for (const guess of guesses) statuses.push((await set(guess)).status);
    expect(statuses).toContain(429);
  });
});
