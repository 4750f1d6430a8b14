import { phoneClaimKey, profileKey } from '../../lib/table/keys.ts';
import { verifyAddress } from '../../lib/testing/stage/emails.ts';
import { lambdaContext, restEvent } from '../../lib/testing/stage/event.ts';
import { invoke, loadFunction } from '../../lib/testing/stage/invoke.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, nextAddress, signUp } from '../../lib/testing/stage/signUp.ts';
import { adjustWallet, codeOf } from '../../lib/testing/stage/wallet.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { Faults } from '../../local/sandbox/sns.ts';
import { handler as logoutAllDevices } from '../auth/logoutAllDevices.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as bulkDelete } from '../notifications/bulkDelete.ts';
import { handler as listNotifications } from '../notifications/list.ts';
import { handler as updatePreferences } from '../notifications/updatePreferences.ts';
import { handler as logout } from '../password/logout.ts';
import { handler as setPassword } from '../password/set.ts';
import { handler as cancelChange } from './cancelPhoneChange.ts';
import { handler as changePhone } from './changePhone.ts';
import { handler as deleteCustomer } from './delete.ts';
import { handler as getCustomer } from './get.ts';
import { handler as requestChange } from './requestPhoneChange.ts';
import { handler as updateCustomer } from './update.ts';

const world = useWorld();
beforeEach(() => {
  cheapPasswords(world);
  world.set({ ACCESS_TOKEN_SECONDS: '864000' });
});

const days = 86_400;

async function requestChangeOtp(phone_number: string): Promise<string> {
  const body = { phone_number, otp_type: 'phone_change' };
  expect((await world.call(sendOtp, { body, clientIp: nextAddress() })).status).toBe(200);
  return world.otpFor(phone_number);
}

const request = async (token: string, phone_number: string) =>
  world.call(requestChange, { token, body: { phone_number, otp: await requestChangeOtp(phone_number) } });
const read = (token: string) => world.call(getCustomer, { method: 'GET', token });
const cancel = (token: string, id: number) =>
  world.call(cancelChange, { method: 'DELETE', token, params: { id: String(id) } });
const linkTo = (phone: string) => {
  const [sms] = world.sandbox.messages.list(phone).filter(({ text }) => text.includes('/phone-changes/'));
  return /phone-changes\/(\S+)\//.exec(sms?.text ?? '')?.[1] ?? '';
};
async function open(link: string, method: 'GET' | 'POST' = 'GET'): Promise<string> {
  const openLink = await loadFunction('customersPhoneChangeLink');
  const resource = '/api/phone-changes/{link}';
  const event = restEvent({ method, resource, params: { link }, headers: { Accept: 'text/html' } });
  const { statusCode, headers, body } = await openLink(event, lambdaContext());
  expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  return body;
}
const dueChanges = async (...owners: { customer: { id: number } }[]) =>
  (await world.items()).filter(
    ({ pk, customerId }) => pk === 'PHONE_CHANGES' && owners.some(({ customer }) => customer.id === customerId),
  );
const inboxOf = async (token: string) =>
  (await world.call(listNotifications, { method: 'GET', token })).body.results.map(
    ({ data }: { data: { type: string } }) => data.type,
  );

const applyChanges = () => invoke('applyPhoneChanges');
const operate = (name: string, customerId: number, fields: object = {}) =>
  invoke(name, { customer_id: customerId, operator: 'sara', reason: 'case 7', ...fields });
type Owner = Awaited<ReturnType<typeof signIn>>;

async function setNewPassword({ access, customer }: Owner): Promise<void> {
  world.set({ RECENT_PROOF_SECONDS: '100000' });
  const body = { email: `new${customer.id}@example.com`, password: 'violet bicycle 77' };
  expect((await world.call(setPassword, { token: access, body })).status).toBe(200);
}

/** A customer without access to the old phone whose request waits. */
async function waiting() {
  const [owner, phone] = [await signIn(world), world.phone()];
  world.advance(601);
  const { status, body } = await request(owner.access, phone);
  expect(status).toBe(202);
  return { owner, phone, id: body.id as number, effectiveAt: body.effective_at as string };
}

describe('a requested change of the phone', () => {
  test('needs no fresh proof, takes effect after 72 hours, and keeps the session that requested it', async () => {
    const { owner, phone, effectiveAt } = await waiting();
    expect(Date.parse(effectiveAt) / 1000).toBeGreaterThan(Date.now() / 1000 + 3 * days - 60);
    world.advance(3 * days - 1);
    await applyChanges();
    expect((await read(owner.access)).body.phone_number).toBe(owner.phone);
    world.advance(1);
    await applyChanges();
    expect((await read(owner.access)).body).toMatchObject({ id: owner.customer.id, phone_number: phone });
    expect((await signIn(world, { phone })).customer.id).toBe(owner.customer.id);
    expect((await authenticateWith(world, owner.phone, await requestOtp(world, owner.phone))).status).toBe(201);
    expect(await dueChanges(owner)).toEqual([]);
  });

  test('ends all other sessions when it takes effect', async () => {
    const owner = await signIn(world);
    world.advance(60);
    const other = await signIn(world, { phone: owner.phone, registrationId: 'other-device' });
    await request(owner.access, world.phone());
    expect((await read(other.access)).status).toBe(200);
    world.advance(3 * days);
    await applyChanges();
    expect([(await read(owner.access)).status, (await read(other.access)).status]).toEqual([200, 401]);
  });

  test('takes effect even if the session that requested it has ended', async () => {
    const { owner, phone } = await waiting();
    expect((await world.call(logout, { token: owner.access })).status).toBe(200);
    world.advance(3 * days);
    await applyChanges();
    expect((await signIn(world, { phone })).customer.id).toBe(owner.customer.id);
  });

  test.each<[string, (owner: Owner) => Promise<unknown>]>([
    ['a sign-in with the old phone', (owner) => signIn(world, { phone: owner.phone })],
    ['a new password', (owner) => setNewPassword(owner)],
    ['"log out of all devices"', ({ access }) => world.call(logoutAllDevices, { token: access })],
    ['endSessions of an operator', ({ customer }) => operate('endSessions', customer.id)],
    ['a suspension', ({ customer }) => operate('suspendCustomer', customer.id)],
  ])('is cancelled by %s', async (_, act) => {
    const { owner, phone } = await waiting();
    await act(owner);
    expect(await dueChanges(owner)).toEqual([]);
    world.advance(3 * days);
    await applyChanges();
    await operate('restoreCustomer', owner.customer.id);
    expect((await authenticateWith(world, phone, await requestOtp(world, phone))).status).toBe(201);
    expect((await signIn(world, { phone: owner.phone })).customer.id).toBe(owner.customer.id);
  });

  test('cannot be hidden from the old phone and from the devices by a thief with an access token', async () => {
    const owner = await signIn(world);
    world.advance(601);
    const preferences = { push: { other: false } };
    await world.call(updatePreferences, { method: 'PATCH', token: owner.access, body: preferences });
    for (const email of ['a', 'b', 'c', 'd', 'e']) {
      const body = { email: `${email}${owner.customer.id}@example.com` };
      await world.call(updateCustomer, { method: 'PATCH', token: owner.access, body });
    }
    expect((await request(owner.access, world.phone())).status).toBe(202);
    await world.call(bulkDelete, { method: 'DELETE', token: owner.access });
    expect(linkTo(owner.phone)).not.toBe('');
    const notifications = await world.partition(`CUSTOMER#${owner.customer.id}`);
    expect(notifications.filter(({ isSecurity }) => isSecurity)).toHaveLength(1);
  });

  test('takes no effect until the owner was warned, which a repetition with the same key does', async () => {
    const [owner, phone] = [await signIn(world), world.phone()];
    const body = { phone_number: phone, otp: await requestChangeOtp(phone) };
    const send = () =>
      world.call(requestChange, { token: owner.access, body, headers: { 'Idempotency-Key': 'tap-2' } });
    let isCommitted = false;
    world.engine.fail((operation, text) => {
      if (isCommitted) return { status: 500, type: 'InternalServerError' };
      isCommitted = operation === 'TransactWriteItems' && text.includes('PHONE_CHANGES');
      return undefined;
    });
    expect((await send()).status).toBe(500);
    world.engine.heal();
    expect(linkTo(owner.phone)).toBe('');
    expect((await send()).status).toBe(202);
    expect(linkTo(owner.phone)).not.toBe('');
    const [sent] = [world.sandbox.messages.list(owner.phone).length];
    expect((await send()).status).toBe(202);
    expect(world.sandbox.messages.list(owner.phone)).toHaveLength(sent);
    world.advance(3 * days);
    await applyChanges();
    expect((await read(owner.access)).body.phone_number).toBe(phone);
  });

  test('never takes effect if the owner was not warned', async () => {
    const [owner, phone] = [await signIn(world), world.phone()];
    const body = { phone_number: phone, otp: await requestChangeOtp(phone) };
    let isCommitted = false;
    world.engine.fail((operation, text) => {
      if (isCommitted) return { status: 500, type: 'InternalServerError' };
      isCommitted = operation === 'TransactWriteItems' && text.includes('PHONE_CHANGES');
      return undefined;
    });
    expect((await world.call(requestChange, { token: owner.access, body })).status).toBe(500);
    world.engine.heal();
    world.advance(3 * days);
    await applyChanges();
    expect((await read(owner.access)).body.phone_number).toBe(owner.phone);
    expect(await dueChanges(owner)).toEqual([]);
  });

  test('is not accepted if the old phone has opted out of SMS', async () => {
    const [owner, phone] = [await signIn(world), world.phone()];
    const otp = await requestChangeOtp(phone);
    const headers = { 'Idempotency-Key': 'tap-1' };
    const send = () => world.call(requestChange, { token: owner.access, body: { phone_number: phone, otp }, headers });
    world.sandbox.faults = Faults.parse({ opted_out: [owner.phone] });
    const rejected = await send();
    expect([rejected.status, rejected.body.errors[0].code]).toEqual([400, 'sms_opted_out']);
    expect(await dueChanges(owner)).toEqual([]);
    world.sandbox.faults = Faults.parse({});
    expect((await send()).body.errors[0].code).toBe('otp_expired');
  });

  test.each([
    ['when it is due', () => applyChanges()],
    ['when an operator approves it', (id: number) => operate('approvePhoneChange', id)],
  ])('is told to the verified e-mail address, at the request with the link and %s', async (_, apply) => {
    const owner = await signIn(world);
    const email = `told${owner.customer.id}@example.com`;
    await verifyAddress(world, owner.access, email);
    await request(owner.access, world.phone());
    const [requested] = world.sandbox.messages.list(email);
    expect(requested?.text).toContain(linkTo(owner.phone));
    world.advance(3 * days);
    await apply(owner.customer.id);
    const [changed] = world.sandbox.messages.list(email);
    expect(changed?.text).toContain('phone number of your account was changed');
  });

  test('is told to the old phone and to every device, which can cancel it', async () => {
    const owner = await signIn(world);
    world.advance(60);
    const other = await signIn(world, { phone: owner.phone, registrationId: 'other-device' });
    const { body } = await request(owner.access, world.phone());
    expect(linkTo(owner.phone)).not.toBe('');
    expect(await inboxOf(other.access)).toEqual(['phone_change_requested']);
    world.advance(1);
    expect((await cancel(other.access, body.id)).status).toBe(204);
    expect((await cancel(other.access, body.id)).status).toBe(404);
    expect(await inboxOf(other.access)).toEqual(['phone_change_cancelled', 'phone_change_requested']);
    world.advance(3 * days);
    await applyChanges();
    expect((await read(other.access)).body.phone_number).toBe(owner.phone);
    expect(await dueChanges(owner)).toEqual([]);
  });

  test('is cancelled by the button behind the link in the SMS, but not by opening the link', async () => {
    const { owner, phone } = await waiting();
    const link = linkTo(owner.phone);
    expect(await open(link)).toContain('<form method="post">');
    world.advance(60);
    expect((await request(owner.access, world.phone())).body.errors[0].code).toBe('phone_change_pending');
    expect(await open(link, 'POST')).toContain('The change was cancelled');
    expect(await open(link, 'POST')).toContain('Nothing to cancel');
    world.advance(3 * days);
    await applyChanges();
    expect((await authenticateWith(world, phone, await requestOtp(world, phone))).status).toBe(201);
  });

  test.each(['x', '1.AAAAAAAAAAAAAAAAAAAAAA', '../..', '9'.repeat(40), '%00', 'ا'])(
    'is not cancelled by the made-up link %j',
    async (link) => {
      const { owner } = await waiting();
      expect(await open(link, 'POST')).toContain('Nothing to cancel');
      expect(await dueChanges(owner)).toHaveLength(1);
    },
  );

  test('is not cancelled by the secret of another customer', async () => {
    const [mine, other] = [await waiting(), await waiting()];
    const [, secret] = linkTo(mine.owner.phone).split('.');
    await open(`${other.owner.customer.id}.${secret}`, 'POST');
    expect(await dueChanges(mine.owner, other.owner)).toHaveLength(2);
    expect((await cancel(mine.owner.access, other.id)).status).toBe(404);
  });

  test('keeps money in the wallet until it ends', async () => {
    const { owner, id } = await waiting();
    const { customer } = owner;
    await adjustWallet(customer.id);
    const debit = () => adjustWallet(customer.id, { transaction_type: 'ORDER_PAYMENT', amount: '10.00' });
    expect(codeOf(await debit())).toBe('wallet_frozen');
    expect(codeOf(await adjustWallet(customer.id, { transaction_type: 'FINE', amount: '1.00' }))).toBe('wallet_frozen');
    expect((await read(owner.access)).body.wallet.balance).toBe('100.00');
    await cancel(owner.access, id);
    expect(codeOf(await debit())).toBeUndefined();
  });

  test('ends when the owner changes the phone with a fresh proof', async () => {
    const { owner } = await waiting();
    world.set({ RECENT_PROOF_SECONDS: '100000' });
    const phone = world.phone();
    const body = { phone_number: phone, otp: await requestChangeOtp(phone) };
    expect((await world.call(changePhone, { token: owner.access, body })).status).toBe(200);
    expect(await dueChanges(owner)).toEqual([]);
    world.advance(3 * days);
    await applyChanges();
    expect((await read(owner.access)).body.phone_number).toBe(phone);
  });

  test('is dropped if another customer has verified the new phone meanwhile', async () => {
    const { owner, phone } = await waiting();
    const other = await signIn(world, { phone });
    world.advance(3 * days);
    await applyChanges();
    expect((await read(owner.access)).body.phone_number).toBe(owner.phone);
    expect((await read(other.access)).body.phone_number).toBe(phone);
    expect(await inboxOf(owner.access)).toEqual(['phone_change_taken', 'phone_change_requested']);
    expect(await dueChanges(owner)).toEqual([]);
  });

  test('takes a phone that another account has not verified', async () => {
    const [owner, holder] = [await signIn(world), await signUp(world)];
    expect((await request(owner.access, holder.phone)).status).toBe(202);
    expect((await read(holder.token)).body.phone_number).toBe(holder.phone);
    world.advance(3 * days);
    await applyChanges();
    expect((await read(owner.access)).body.phone_number).toBe(holder.phone);
    expect((await read(holder.token)).body.phone_number).toBe('');
    expect((await signIn(world, { phone: holder.phone })).customer.id).toBe(owner.customer.id);
  });

  test('is deleted with its customer', async () => {
    const { owner, phone } = await waiting();
    expect((await world.call(deleteCustomer, { method: 'DELETE', token: owner.access })).status).toBe(204);
    world.advance(3 * days);
    await applyChanges();
    expect(await dueChanges(owner)).toEqual([]);
    expect((await authenticateWith(world, phone, await requestOtp(world, phone))).status).toBe(201);
  });

  test('is applied once by parallel runs, and by the next run after a crash at any call', async () => {
    for (let crashAt = 1; crashAt <= 4; crashAt++) {
      const { owner, phone } = await waiting();
      world.advance(3 * days);
      let calls = 0;
      world.engine.fail(() => (++calls >= crashAt ? 'lose response' : undefined));
      world.set({ TABLE_TIMEOUT_MS: '200' });
      await applyChanges().catch(() => undefined);
      world.engine.heal();
      await Promise.all([applyChanges(), applyChanges()]);
      expect((await read(owner.access)).body.phone_number).toBe(phone);
      expect(await dueChanges(owner)).toEqual([]);
    }
  });
});

describe('requestPhoneChange changes nothing', () => {
  const rejectionOf = ({ status, body }: Awaited<ReturnType<typeof request>>) => [
    status,
    body.errors.map(({ attr, code }: { attr: string; code: string }) => [attr, code]),
  ];
  let owner: Awaited<ReturnType<typeof signIn>>;
  beforeEach(async () => {
    owner = await signIn(world);
  });
  afterEach(async () => expect(await dueChanges(owner)).toEqual([]));

  test('for the own phone and for a phone of another country', async () => {
    expect(rejectionOf(await request(owner.access, owner.phone))).toEqual([400, [['phone_number', 'invalid']]]);
    expect(rejectionOf(await request(owner.access, '+96599123456'))).toEqual([400, [['phone_number', 'invalid']]]);
  });

  test('for the phone of another customer, who is revealed only by a right OTP', async () => {
    const { phone } = await signIn(world);
    const otp = await requestChangeOtp(phone);
    const wrong = otp === '000000' ? '111111' : '000000';
    const attempt = (code: string) =>
      world.call(requestChange, { token: owner.access, body: { phone_number: phone, otp: code } });
    expect(rejectionOf(await attempt(wrong))).toEqual([400, [['otp', expect.stringMatching(/^otp_/)]]]);
    expect(rejectionOf(await attempt(otp))).toEqual([400, [['phone_number', 'unique']]]);
  });

  test('for a customer without a verified phone and without a fresh proof', async () => {
    const { token } = await signUp(world);
    world.advance(601);
    expect(rejectionOf(await request(token, world.phone()))).toEqual([403, [[null, 'recent_code_required']]]);
  });

  test('with an expired OTP', async () => {
    const phone = world.phone();
    const body = { phone_number: phone, otp: await requestChangeOtp(phone) };
    world.advance(301);
    const response = await world.call(requestChange, { token: owner.access, body });
    expect(rejectionOf(response)).toEqual([400, [['otp', 'otp_expired']]]);
  });
});

test('one of ten parallel requests with one OTP waits, and the others get an error of the contract', async () => {
  const [owner, phone] = [await signIn(world), world.phone()];
  const body = { phone_number: phone, otp: await requestChangeOtp(phone) };
  const responses = await Promise.all(
    Array.from({ length: 10 }, () => world.call(requestChange, { token: owner.access, body })),
  );
  expect(responses.filter(({ status }) => status === 202)).toHaveLength(1);
  expect(responses.filter(({ status }) => ![202, 400, 409, 429].includes(status))).toEqual([]);
  expect(await dueChanges(owner)).toHaveLength(1);
});

test('a customer may request three changes a day', async () => {
  const owner = await signIn(world);
  for (let turn = 0; turn < 3; turn++) {
    const { body } = await request(owner.access, world.phone());
    expect((await cancel(owner.access, body.id)).status).toBe(204);
  }
  const rejected = await request(owner.access, world.phone());
  expect([rejected.status, rejected.body.errors[0].code]).toEqual([429, 'throttled']);
  expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(days - 60);
});

test('the secret of the link is neither in the table nor in the log', async () => {
  const lines = await logOf(async () => {
    const { owner } = await waiting();
    const [, secret = 'none'] = linkTo(owner.phone).split('.');
    expect(JSON.stringify(await world.items())).not.toContain(secret);
    await open(linkTo(owner.phone));
    await open(linkTo(owner.phone), 'POST');
  });
  expect(lines.join()).not.toMatch(/\.[\w-]{22}[/"]/);
});

test('a change beside sign-ins with both phones leaves one owner for each phone', async () => {
  const { owner, phone } = await waiting();
  world.advance(3 * days);
  const [oldOtp, newOtp] = [await requestOtp(world, owner.phone), await requestOtp(world, phone)];
  await Promise.all([
    applyChanges(),
    authenticateWith(world, owner.phone, oldOtp),
    authenticateWith(world, phone, newOtp),
  ]);
  await applyChanges();
  const items = await world.items();
  const ownerOf = (number: string) =>
    items.find(({ pk, sk }) => pk === phoneClaimKey(number).pk && sk === phoneClaimKey(number).sk)?.customerId;
  const profiles = items.filter(({ sk }) => sk === profileKey(0).sk);
  for (const number of [owner.phone, phone]) {
    const holders = profiles.filter(({ phoneNumber }) => phoneNumber === number).map(({ id }) => id);
    expect(holders).toEqual(holders.length > 0 ? [ownerOf(number)] : []);
    expect(holders.length).toBeLessThanOrEqual(1);
  }
  expect(await dueChanges(owner)).toEqual([]);
});

const auditOf = async (customer_id: number) =>
  (await invoke('auditLog', { customer_id })).results.map(({ action }: { action: string }) => action);

describe('an operator', () => {
  test('makes a waiting change at once, and leaves an audit entry', async () => {
    const { owner, phone } = await waiting();
    const { id } = owner.customer;
    expect((await invoke('findCustomer', { customer_id: id })).phone_change).toMatchObject({ phone_number: phone });
    expect(await operate('approvePhoneChange', id)).toEqual({ customer_id: id, phone_number: phone });
    expect((await read(owner.access)).body.phone_number).toBe(phone);
    expect(codeOf(await operate('approvePhoneChange', id))).toBe('not_found');
    expect(await auditOf(id)).toEqual(['approvePhoneChange']);
    expect(await dueChanges(owner)).toEqual([]);
  });

  test('drops a waiting change, and leaves an audit entry', async () => {
    const { owner } = await waiting();
    const { id } = owner.customer;
    world.advance(1);
    expect(await operate('rejectPhoneChange', id)).toEqual({ customer_id: id });
    expect(codeOf(await operate('rejectPhoneChange', id))).toBe('not_found');
    expect(await auditOf(id)).toEqual(['rejectPhoneChange']);
    expect(await dueChanges(owner)).toEqual([]);
    expect(await inboxOf(owner.access)).toEqual(['phone_change_cancelled', 'phone_change_requested']);
  });

  test.each(['approvePhoneChange', 'rejectPhoneChange'])('needs a reason for %s', async (name) => {
    const { owner } = await waiting();
    expect(codeOf(await operate(name, owner.customer.id, { reason: ' ' }))).toBe('blank');
    expect(await dueChanges(owner)).toHaveLength(1);
  });
});
