import { randomUUID } from 'node:crypto';
import { depth } from '../lib/testing/stage/engineProxy.ts';
import type { TestRequest } from '../lib/testing/stage/event.ts';
import { notifyOf } from '../lib/testing/stage/notifications.ts';
import type { Sandbox } from '../local/sandbox/server.ts';
import { call, codeRequest, newPhone, otpFor, signInWith } from './customer.ts';
import { recordTable } from './recorder.ts';

export interface Usage {
  operation: string;
  /** The calls to the table. `depth` is the longest chain of sequential calls. */
  calls: number;
  depth: number;
  /** The request units, as the local engine counts them by AWS's rules. */
  readUnits: number;
  writeUnits: number;
  snsCalls: number;
}

/**
 * Runs every operation once, after a first run that warms all functions up. Returns the usage of
 * each operation.
 */
export async function usageOfOperations(sandbox: Sandbox): Promise<Usage[]> {
  await everything(sandbox, (functionName, request) => call(functionName, request));
  const usages: Usage[] = [];
  const recorder = recordTable();
  await everything(sandbox, async (functionName, request, title = functionName) => {
    const [firstCall, firstSnsCall] = [recorder.calls.length, sandbox.platforms.calls.length];
    const response = await call(functionName, request);
    const calls = recorder.calls.slice(firstCall);
    const total = (field: 'readUnits' | 'writeUnits') => calls.reduce((sum, each) => sum + each[field], 0);
    usages.push({
      operation: title,
      calls: calls.length,
      depth: depth(calls),
      readUnits: total('readUnits'),
      writeUnits: total('writeUnits'),
      snsCalls: sandbox.platforms.calls.length - firstSnsCall,
    });
    return response;
  });
  recorder.stop();
  return usages;
}

/** Calls a function. The title distinguishes the variants of one function. */
type Do = (functionName: string, request?: TestRequest, title?: string) => ReturnType<typeof call>;

async function everything(sandbox: Sandbox, run: Do): Promise<void> {
  const phone = newPhone();
  await run('authSendOtp', codeRequest(phone));
  await run(
    'customersAuthenticate',
    { body: signInWith(phone, otpFor(sandbox, phone)) },
    'customersAuthenticate (new)',
  );
  await call('authSendOtp', codeRequest(phone));
  const back = signInWith(phone, otpFor(sandbox, phone));
  const signedIn = await run('customersAuthenticate', { body: back }, 'customersAuthenticate (returning)');
  const { access: token } = signedIn;
  const { refresh } = await run('authRefresh', { body: { refresh: signedIn.refresh } });
  await doAsGuest(run);
  await doOnProfile(run, token);
  await doWithAddresses(run, token);
  await doWithDevices(run, token);
  await doWithNotifications(run, token, signedIn.customer.id);
  await run('walletGet', { token });
  await run('walletUpdate', { token, body: { is_use_wallet_in_payment: true } });
  await run('authLogoutDevice', {
    token,
    body: { refresh_token: refresh, registration_id: back.device.registration_id },
  });
  await doWithPasswords(sandbox, run);
}

async function doAsGuest(run: Do): Promise<void> {
  for (const name of ['authJwks', 'docsSchema', 'docsPage', 'healthGet', 'passwordConfiguration']) await run(name);
  for (const name of ['countriesList', 'appInfo', 'appSocialAccounts', 'appFaqs']) await run(name);
  await run('regionsFindByPoint', { query: { long: '31.2357', lat: '30.0444' } });
  await run('passwordAvailability', { query: { email: `${randomUUID()}@example.com` } });
}

async function doOnProfile(run: Do, token: string): Promise<void> {
  await run('customersGet', { token });
  await run('customersUpdate', { token, body: { full_name: 'Mona Hassan', email: `${randomUUID()}@example.com` } });
  await run('authListSessions', { token });
  await run('customersExport', { token });
}

async function doWithAddresses(run: Do, token: string): Promise<void> {
  const point = { type: 'Point', coordinates: [31.2357, 30.0444] };
  const body = { point, description: '12 Tahrir Square, 3rd floor', location_type: 'HOME' };
  const { id } = await call('addressesCreate', { token, body });
  // The newest address is the primary one, which cannot be deleted.
  await run('addressesCreate', { token, body: { ...body, location_type: 'WORK' } });
  await run('addressesList', { token });
  await run('addressesUpdate', { token, params: { id: String(id) }, body: { location_type: 'WORK' } });
  await run('addressesDelete', { token, params: { id: String(id) } });
}

async function doWithDevices(run: Do, token: string): Promise<void> {
  const device = { registration_id: randomUUID(), type: 'android', name: "Mona's phone" };
  const params = { registration_id: device.registration_id };
  await run('devicesCreate', { token, body: device });
  await run('devicesList', { token });
  await run('devicesRetrieve', { token, params });
  await run('devicesUpdate', { token, params, body: { ...device, name: 'Mona' } });
  await run('devicesPartialUpdate', { token, params, body: { active: false } });
  await run('devicesDestroy', { token, params });
}

async function doWithNotifications(run: Do, token: string, customerId: number): Promise<void> {
  const [first, second] = [await notifyOf(customerId), await notifyOf(customerId)];
  await run('notificationsList', { token });
  await run('notificationsUnreadCount', { token });
  await run('notificationsRead', { token, params: { id: String(first) } });
  await run('notificationsDelete', { token, params: { id: String(second) } });
  await run('notificationsReadAll', { token });
  await run('notificationsBulkDelete', { token });
  await run('notificationsPreferences', { token });
  await run('notificationsUpdatePreferences', { token, body: { push: { other: false }, time_zone: 'Africa/Cairo' } });
}

async function doWithPasswords(sandbox: Sandbox, run: Do): Promise<void> {
  const [email, phone, password] = [`${randomUUID()}@example.com`, newPhone(), 'blue tea 42 cups'];
  const person = { name: 'Mona', last_name: 'Hassan', birthdate: '1990-05-17' };
  const { token } = (await run('passwordSignup', { body: { ...person, email, phone, password } })).data;
  await run('passwordVerifyPhone', { token, body: {} }, 'passwordVerifyPhone (asks)');
  await run('passwordVerifyPhone', { token, body: { verification_code: otpFor(sandbox, phone) } });
  await call('authSendOtp', codeRequest(phone));
  const verified = await call('customersAuthenticate', { body: signInWith(phone, otpFor(sandbox, phone)) });
  await run('passwordSet', { token: verified.access, body: { email, password: 'green tea 43 cups' } });
  const loggedIn = (await run('passwordLogin', { body: { email, password: 'green tea 43 cups' } })).data;
  await run('authReauthenticate', { token: loggedIn.token, body: { password: 'green tea 43 cups' } });
  const newest = newPhone();
  await call('authSendOtp', { body: { phone_number: newest, otp_type: 'phone_change' } });
  const change = { phone_number: newest, otp: otpFor(sandbox, newest) };
  await run('customersChangePhone', { token: loggedIn.token, body: change });
  const later = newPhone();
  await call('authSendOtp', { body: { phone_number: later, otp_type: 'phone_change' } });
  const wanted = { phone_number: later, otp: otpFor(sandbox, later) };
  const { id } = await run('customersRequestPhoneChange', { token: loggedIn.token, body: wanted });
  await run('customersCancelPhoneChange', { token: loggedIn.token, params: { id: String(id) } });
  const address = `${randomUUID()}@example.com`;
  await run('customersSetEmail', { token: loggedIn.token, body: { email: address } });
  await run('customersVerifyEmail', { token: loggedIn.token, body: { otp: otpFor(sandbox, address) } });
  await run('passwordLogout', { token: loggedIn.token });
  await run('passwordForget', { body: { email: address } });
  await run('passwordReset', {
    body: { email: address, token: otpFor(sandbox, newest), password: 'black tea 44 cups' },
  });
  const login = { body: { email: address, password: 'black tea 44 cups' } };
  const { token: last } = (await call('passwordLogin', login)).data;
  const [session] = await call('authListSessions', { token: last });
  await run('authRevokeSession', { token: last, params: { id: String(session.id) } });
  const again = (await call('passwordLogin', login)).data;
  await run('authLogoutAllDevices', { token: again.token });
  const lastSession = (await call('passwordLogin', login)).data;
  await run('customersDelete', { token: lastSession.token });
}
