import { randomUUID } from 'node:crypto';
import { customerPartition } from '../../table/keys.ts';
import { makeCursor } from '../../table/pagination.ts';
import { file } from '../fixtures/forms.ts';
import { png } from '../fixtures/images.ts';
import { requestEmailOtp } from '../stage/emails.ts';
import type { TestRequest } from '../stage/event.ts';
import { notifyOf } from '../stage/notifications.ts';
import { requestOtp, signIn } from '../stage/signIn.ts';
import { newAccount, signUp } from '../stage/signUp.ts';
import { adjustWallet } from '../stage/wallet.ts';
import type { SignedInCustomer, World } from '../stage/world.ts';
import type { Fields, Good } from './describedRequest.ts';
import type { DocumentedCalls } from './documentedCalls.ts';

const cairo = { type: 'Point', coordinates: [31.2357, 30.0444] };
/** Number prefixes of the served countries, each with the count of further digits. */
const mobilePrefixes = [
  ['+2010', 8],
  ['+96650', 7],
  ['+97150', 7],
  ['+965660', 5],
  ['+97433', 6],
  ['+96892', 6],
  ['+97336', 6],
] as const;

/**
 * After this many requests a new customer takes over. Lists stay short, and no limit per customer
 * applies.
 */
const mostRequests = 30;

/** A customer with an address, a notification, a device and a wallet balance. */
export interface Furnished extends SignedInCustomer {
  addressId: number;
  notificationId: number;
}

export async function furnish(world: World, { call, operation }: DocumentedCalls): Promise<Furnished> {
  const account = await signIn(world, { registrationId: randomUUID() });
  const body = { point: cairo, description: `home of ${account.phone}`, location_type: 'HOME' };
  const { body: address } = await call(operation('CreateAddress'), { token: account.access, body });
  const notificationId = await notifyOf(account.customer.id, { title: `for ${account.phone}` });
  await adjustWallet(account.customer.id, { amount: '7.77' });
  return { ...account, addressId: address.id, notificationId };
}

interface GoodRequests {
  /** Returns the previous customer, or a new one if the session was revoked. */
  signedIn: () => Promise<Furnished>;
  /** Returns a valid request for an operation, with resources that exist at that moment. */
  good: (operationId: string, turn: number, mediaType: string | undefined) => Promise<Good>;
  /** Discards the customer, so that the next request creates a new one. */
  discardCustomer: () => void;
}

export function goodRequestsTo(world: World, calls: DocumentedCalls): GoodRequests {
  const callOperation = (operationId: string, request: TestRequest) =>
    calls.call(calls.operation(operationId), request);
  let last: Furnished | undefined;
  let requests = 0;
  let counter = 0;

  async function signedIn(): Promise<Furnished> {
    requests += 1;
    const isUsedUp = requests % mostRequests === 0;
    const before = last && !isUsedUp && (await callOperation('GetCustomerDetails', { token: last.access }));
    if (!last || !before || before.status !== 200) last = await furnish(world, calls);
    return last;
  }

  const email = () => `good${++counter}@example.com`;
  const password = () => `green tea ${++counter} cups`;
  const phone = () => {
    const [start, digits] = mobilePrefixes[++counter % mobilePrefixes.length] ?? mobilePrefixes[0];
    return `${start}${String(counter).padStart(digits, '0')}`;
  };
  const image = (mediaType: string | undefined) =>
    mediaType === 'multipart/form-data' && ++counter % 2 ? file(png, 'image/png') : 'https://example.com/map.png';

  async function newDevice({ access: token }: Furnished): Promise<Fields> {
    const registration_id = `token/${randomUUID()}`;
    await callOperation('devices_create', { token, body: { registration_id, type: 'ios' } });
    return { registration_id };
  }

  async function cursor({ access: token }: Furnished, list: string): Promise<Fields> {
    const { body } = await callOperation(list, { token, query: { page_size: '1' } });
    return { cursor: new URL((body.wallet_transactions ?? body).next).searchParams.get('cursor') };
  }

  async function resetCode(phone_number: string): Promise<string> {
    await callOperation('sendOTP', { body: { phone_number, otp_type: 'password_reset' } });
    return world.otpFor(phone_number);
  }

  const makers: Record<string, (account: Furnished, turn: number, mediaType: string | undefined) => Promise<Good>> = {
    sendOTP: async () => ({ body: { phone_number: phone() } }),
    async AuthenticateCustomer(account, turn) {
      const phone_number = turn % 2 ? account.phone : world.phone();
      return { body: { phone_number, otp: await requestOtp(world, phone_number) } };
    },
    refresh_token_create: async () => ({ body: { refresh: (await signIn(world)).refresh } }),
    logoutDevice: async ({ refresh, registrationId }) => ({
      body: { refresh_token: refresh, registration_id: registrationId },
    }),
    async revokeSession({ phone, deviceToken }, turn) {
      const { access: token } = await signIn(world, { phone, deviceToken });
      const { body } = await callOperation('listSessions', { token });
      const isOwn = turn % 2 === 0;
      return { token, path: { id: body.find(({ current }: { current: boolean }) => current === isOwn).id } };
    },
    UpdateCustomer: async ({ addressId }, _, mediaType) => ({
      instead: { image: image(mediaType), birth_date: '1990-05-17', primary_address: addressId, email: email() },
    }),
    async login() {
      const { email, password } = await signUp(world);
      return { body: { email, password, phone: undefined } };
    },
    async signup() {
      const { email, phone, password, birthdate } = newAccount(world);
      return { body: { email, phone, password, birthdate } };
    },
    availability: async (_, turn) => ({
      query: turn % 2 ? { email: email(), phone: null } : { phone: phone(), email: null },
    }),
    async forgetPassword(account, turn) {
      const { email } = await signUp(world);
      return { body: turn % 2 ? { email, phone: null } : { phone: account.phone, email: null } };
    },
    async resetPassword() {
      const { phone } = await signIn(world);
      return { body: { phone, email: null, token: await resetCode(phone), password: password() } };
    },
    async verifyPhone() {
      const { token, phone } = await signUp(world);
      await callOperation('verifyPhone', { token });
      return { token, body: { verification_code: world.otpFor(phone) }, instead: { phone } };
    },
    async changePhone() {
      const [{ access: token }, phone_number] = [await signIn(world), world.phone()];
      await callOperation('sendOTP', { body: { phone_number, otp_type: 'phone_change' } });
      return { token, body: { phone_number, otp: world.otpFor(phone_number) } };
    },
    async requestPhoneChange() {
      const [{ access: token }, phone_number] = [await signIn(world), world.phone()];
      await callOperation('sendOTP', { body: { phone_number, otp_type: 'phone_change' } });
      return { token, body: { phone_number, otp: world.otpFor(phone_number) } };
    },
    async cancelPhoneChange() {
      const [{ access: token }, phone_number] = [await signIn(world), world.phone()];
      await callOperation('sendOTP', { body: { phone_number, otp_type: 'phone_change' } });
      const otp = world.otpFor(phone_number);
      const { body } = await callOperation('requestPhoneChange', { token, body: { phone_number, otp } });
      return { token, path: { id: body.id } };
    },
    async setEmail() {
      const { access: token } = await signIn(world);
      return { token, body: { email: email() } };
    },
    async verifyEmail() {
      const { access: token } = await signIn(world);
      return { token, body: { otp: await requestEmailOtp(world, token, email()) } };
    },
    async reauthenticate() {
      const { token, password } = await signUp(world);
      return { token, body: { otp: null, password } };
    },
    async setPassword() {
      const { access: token, phone } = await signIn(world);
      return { token, body: { email: email(), password: password() }, instead: { otp: await resetCode(phone) } };
    },
    getHealth: async (_, turn) => ({
      query: { deep: String(turn % 2) },
      token: JSON.parse(world.secrets['health-key']).key,
    }),
    GetRegionByPoint: async (_, turn) => ({ query: { long: (turn * 7) % 180, lat: 30.0444 } }),
    CreateAddress: async (_, __, mediaType) => ({ body: { point: cairo }, instead: { map_image: image(mediaType) } }),
    UpdateAddress: async ({ addressId }, _, mediaType) => ({
      path: { id: addressId },
      instead: { point: cairo, map_image: image(mediaType) },
    }),
    async DeleteAddress({ access: token }) {
      const body = { point: cairo, description: 'not the primary one for long', location_type: 'WORK' };
      const first = await callOperation('CreateAddress', { token, body });
      await callOperation('CreateAddress', { token, body: { ...body, description: 'the primary one' } });
      return { path: { id: first.body.id } };
    },
    devices_create: async (account, turn) => ({
      body: turn % 2 ? await newDevice(account) : { registration_id: randomUUID() },
    }),
    devices_retrieve: async (account) => ({ path: await newDevice(account) }),
    devices_update: async (account) => ({ path: await newDevice(account), instead: { registration_id: randomUUID() } }),
    devices_partial_update: async (account) => ({
      path: await newDevice(account),
      instead: { registration_id: randomUUID() },
    }),
    devices_destroy: async (account) => ({ path: await newDevice(account) }),
    exportCustomer: async ({ customer }) => ({
      instead: { cursor: makeCursor(customerPartition(customer.id), 'PROFILE') },
    }),
    async listNotifications(account) {
      for (const _ of ['older', 'newer']) await notifyOf(account.customer.id);
      return { instead: await cursor(account, 'listNotifications') };
    },
    async listWalletDetails(account) {
      await adjustWallet(account.customer.id);
      return { instead: await cursor(account, 'listWalletDetails') };
    },
    deleteNotification: async ({ customer }) => ({ path: { id: await notifyOf(customer.id) } }),
    readNotification: async ({ customer }) => ({ path: { id: await notifyOf(customer.id) } }),
    updateNotificationPreferences: async () => ({
      instead: { time_zone: 'Africa/Cairo', quiet_hours: { start: '22:00', end: '07:00' } },
    }),
  };

  return {
    signedIn,
    async good(operationId, turn, mediaType) {
      const account = await signedIn();
      const { needsCaller } = calls.operation(operationId);
      return {
        ...(needsCaller && { token: account.access }),
        ...(await makers[operationId.replace(/ByForm$/, '')]?.(account, turn, mediaType)),
      };
    },
    discardCustomer() {
      last = undefined;
    },
  };
}
