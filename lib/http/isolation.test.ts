import { readFileSync } from 'node:fs';
import { fieldDetails } from '../errorTexts.ts';
import { project } from '../openapi/routes.ts';
import { type DescribedOperation, parseApiDocument } from '../testing/openapi/apiDocument.ts';
import { callsOf } from '../testing/openapi/documentedCalls.ts';
import { type Furnished, furnish } from '../testing/openapi/goodRequests.ts';
import type { TestRequest } from '../testing/stage/event.ts';
import { notifyOf } from '../testing/stage/notifications.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { cheapPasswords, signUp } from '../testing/stage/signUp.ts';
import { adjustWallet } from '../testing/stage/wallet.ts';
import { type SignedInCustomer, useWorld } from '../testing/stage/world.ts';

const world = useWorld();
const api = parseApiDocument(JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8')));
const calls = callsOf(api, { world, folder: project });
const { call, operation, expectConforming } = calls;

beforeEach(() => cheapPasswords(world));

const unique = { status: 400, body: { errors: [{ code: 'unique' }] } };
const notFound = { status: 404, body: { errors: [{ code: 'not_found' }] } };
const phoneTaken = { status: 423, body: { errors: { errorDetails: { phone: [fieldDetails.phoneTaken.en] } } } };

describe('the data of another customer', () => {
  let victim: Furnished;
  const email = 'victim@example.com';
  let sessionId: number;
  /** Values that no response to another customer may contain. */
  let secrets: string[];

  beforeAll(async () => {
    victim = await furnish(world, calls);
    await call(operation('UpdateCustomer'), { token: victim.access, body: { email } });
    await notifyOf(victim.customer.id);
    await adjustWallet(victim.customer.id);
    const { body } = await call(operation('listSessions'), { token: victim.access });
    sessionId = body[0].id;
    secrets = [
      victim.phone,
      email,
      victim.registrationId,
      String(victim.customer.id),
      String(victim.addressId),
      String(victim.notificationId),
      '7.77',
    ];
  });

  test.each(
    api.operations
      .filter(({ needsCaller }) => needsCaller)
      .map((described) => [described.operationId, described] as const),
  )('cannot be read, changed or detected by %s', async (_, described) => {
    const before = await world.partition(`CUSTOMER#${victim.customer.id}`);
    const ids = [victim.addressId, victim.notificationId, sessionId, victim.customer.id].map(String);
    const inPath = described.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    const named = inPath.includes('registration_id') ? [victim.registrationId] : inPath.length > 0 ? ids : [''];
    for (const value of named) {
      const attacker = await signIn(world);
      const response = await call(described, {
        token: attacker.access,
        params: Object.fromEntries(inPath.map((name) => [name, value])),
        body: bodyAgainst(described, victim),
      });
      expectConforming(described, { value }, response);
      if (inPath.length > 0) expect([value, response.status]).toEqual([value, 404]);
      const shown = JSON.stringify(response.body ?? {});
      expect(secrets.filter((secret) => shown.includes(secret) && !mayEcho(described, secret))).toEqual([]);
    }
    if (described.operationId !== 'devices_create') {
      expect(await world.partition(`CUSTOMER#${victim.customer.id}`)).toEqual(before);
    }
  });

  /** Requests of the attacker that contain a value of the victim, and the expected rejection. */
  const attempts: [
    operationId: string,
    attempt: (attacker: SignedInCustomer) => Promise<TestRequest>,
    rejection: object,
  ][] = [
    ['devices_update', async (attacker) => ({ params: ownDevice(attacker), body: theirDevice('ios') }), unique],
    ['devices_partial_update', async (attacker) => ({ params: ownDevice(attacker), body: theirDevice() }), unique],
    ['UpdateCustomer', async () => ({ body: { email } }), unique],
    ['setPassword', async () => ({ body: { email, password: 'a cup of green tea' } }), unique],
    ['listNotifications', async () => ({ query: await theirCursor('listNotifications') }), notFound],
    ['listWalletDetails', async () => ({ query: await theirCursor('listWalletDetails') }), notFound],
    ['verifyPhone', async () => ({ token: (await signUp(world)).token, body: { phone: victim.phone } }), phoneTaken],
  ];
  const ownDevice = ({ registrationId }: SignedInCustomer) => ({ registration_id: encodeURIComponent(registrationId) });
  const theirDevice = (type?: string) => ({ registration_id: victim.registrationId, type });

  async function theirCursor(list: string): Promise<{ cursor: string }> {
    const { body } = await call(operation(list), { token: victim.access, query: { page_size: '1' } });
    return { cursor: new URL((body.wallet_transactions ?? body).next).searchParams.get('cursor') ?? '' };
  }

  test.each(attempts)('cannot be claimed by %s', async (operationId, attempt, rejection) => {
    const before = await world.partition(`CUSTOMER#${victim.customer.id}`);
    const attacker = await signIn(world);
    const response = await call(operation(operationId), { token: attacker.access, ...(await attempt(attacker)) });
    expect(response).toMatchObject(rejection);
    expect(await world.partition(`CUSTOMER#${victim.customer.id}`)).toEqual(before);
  });

  /** The response to a registered push token contains that token. */
  function mayEcho({ operationId }: DescribedOperation, secret: string): boolean {
    return operationId === 'devices_create' && secret === victim.registrationId;
  }
});

/** Returns a body with a value of the victim in each field that can hold one. */
function bodyAgainst({ operationId, bodies }: DescribedOperation, victim: Furnished): object | undefined {
  if (bodies.length === 0) return undefined;
  const named: Record<string, object> = {
    UpdateCustomer: { primary_address: victim.addressId },
    logoutDevice: { refresh_token: victim.refresh, registration_id: victim.registrationId },
    devices_create: { registration_id: victim.registrationId, type: 'android' },
    devices_update: { registration_id: victim.registrationId, type: 'ios' },
    CreateAddress: {
      point: { type: 'Point', coordinates: [31.2357, 30.0444] },
      description: 'mine',
      location_type: 'HOME',
    },
  };
  return named[operationId] ?? {};
}
