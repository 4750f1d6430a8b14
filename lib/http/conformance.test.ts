import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadSeed } from '../../seed/load.ts';
import { type DescribedOperation, describedBy } from '../testing/apiDocument.ts';
import { conformanceTo, testConformance } from '../testing/conformance.ts';
import { notifyOf } from '../testing/notifications.ts';
import { signIn } from '../testing/signIn.ts';
import { cheapPasswords } from '../testing/signUp.ts';
import { adjustWallet } from '../testing/wallet.ts';
import { type SignedInCustomer, useWorld } from '../testing/world.ts';
import { project } from './routes.ts';

const world = useWorld();
const api = describedBy(JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8')));
const conformance = conformanceTo(api, { world, folder: project });
const { call, operation, expectConforming } = conformance;

let customer: SignedInCustomer | undefined;
let addressId: number;
let notificationId: number;

beforeEach(() => {
  const unlimited = '999999999';
  world.set({ OTP_SENDS_PER_COUNTRY_PER_DAY: unlimited, OTP_SENDS_PER_STAGE_PER_DAY: unlimited });
  cheapPasswords(world);
});

const cairo = { type: 'Point', coordinates: [31.2357, 30.0444] };

/** A customer with something of everything. */
async function furnished(): Promise<SignedInCustomer> {
  const own = await signIn(world, { registrationId: randomUUID() });
  const token = own.access;
  const body = { point: cairo, description: `home of ${own.phone}`, location_type: 'HOME' };
  addressId = (await call(operation('CreateAddress'), { token, body })).body.id;
  notificationId = await notifyOf(own.customer.id, { title: `for ${own.phone}` });
  await adjustWallet(own.customer.id, { amount: '7.77' });
  return own;
}

/** The customer of before, unless what was called has ended their session. */
async function signedIn(): Promise<SignedInCustomer> {
  const before = customer && (await call(operation('GetCustomerDetails'), { token: customer.access }));
  if (!customer || before?.status !== 200) customer = await furnished();
  return customer;
}

/** Fields whose rules a schema cannot say in full: real numbers, codes and tokens, dates that have been, addresses that exist. */
const beyondSchema =
  /(^|\.)(phone_number|otp|refresh|refresh_token|point|image|map_image|birth_date|primary_address|email|end|time_zone|registration_id|long|lat|cursor|page_size|deep|phone|password|birthdate|token|verification_code)$/;

testConformance(api, conformance, {
  caller: async () => ({ token: (await signedIn()).access }),
  strangers: async () => [
    [{}, 'not_authenticated'],
    [{ Authorization: 'Basic eA==' }, 'authentication_failed'],
    [{ Authorization: 'Bearer x.y.z' }, 'token_not_valid'],
    [{ Authorization: `Bearer ${(await signedIn()).refresh}` }, 'token_not_valid'],
  ],
  // The envelope has none.
  codeOf: ({ body }) => ('code' in body ? undefined : body.errors[0].code),
  refusedFields({ status, body }) {
    if (status === 423) return Object.keys(body.errors.errorDetails);
    const isField = status === 400 && body.type === 'validation_error';
    return isField ? body.errors.map(({ attr }: { attr: string }) => attr) : [];
  },
  known(parameter) {
    if (parameter === 'id') return [String(addressId), String(notificationId)];
    return parameter === 'registration_id' ? [customer?.registrationId ?? ''] : undefined;
  },
  isBeyondSchema: (_, field) => beyondSchema.test(field),
  // Whatever is wrong with a point is wrong with it as a whole.
  refusedFor: (field) => field.replace(/^point\..*/, 'point'),
  async renew() {
    await world.renewEngine();
    await loadSeed();
    customer = undefined;
  },
});

describe('what is somebody else’s', () => {
  let victim: SignedInCustomer;
  let sessionId: number;
  /** What must never be in an answer to anybody else. */
  let secrets: string[];

  beforeAll(async () => {
    victim = await furnished();
    const { body } = await call(operation('listSessions'), { token: victim.access });
    sessionId = body[0].id;
    secrets = [
      victim.phone,
      victim.registrationId,
      String(victim.customer.id),
      String(addressId),
      String(notificationId),
      '7.77',
    ];
  });

  test.each(
    api.operations
      .filter(({ needsCaller }) => needsCaller)
      .map((described) => [described.operationId, described] as const),
  )('is not shown, changed or told apart by %s', async (_, described) => {
    const before = await world.partition(`CUSTOMER#${victim.customer.id}`);
    const ids = [addressId, notificationId, sessionId, victim.customer.id].map(String);
    const inPath = described.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    const named = inPath.includes('registration_id') ? [victim.registrationId] : inPath.length > 0 ? ids : [''];
    for (const value of named) {
      const attacker = await signIn(world);
      const answer = await call(described, {
        token: attacker.access,
        params: Object.fromEntries(inPath.map((name) => [name, value])),
        body: bodyAgainst(described, victim),
      });
      expectConforming(described, { value }, answer);
      if (inPath.length > 0) expect([value, answer.status]).toEqual([value, 404]);
      const shown = JSON.stringify(answer.body ?? {});
      expect(secrets.filter((secret) => shown.includes(secret) && !mayEcho(described, secret))).toEqual([]);
    }
    if (described.operationId !== 'devices_create') {
      expect(await world.partition(`CUSTOMER#${victim.customer.id}`)).toEqual(before);
    }
  });

  /** Whoever registers a push token as their own gets that back. */
  function mayEcho({ operationId }: DescribedOperation, secret: string): boolean {
    return operationId === 'devices_create' && secret === victim.registrationId;
  }
});

/** A body that names what is somebody else's wherever a field can. */
function bodyAgainst({ operationId, body }: DescribedOperation, victim: SignedInCustomer): object | undefined {
  if (!body) return undefined;
  const bodies: Record<string, object> = {
    UpdateCustomer: { primary_address: addressId },
    logoutDevice: { refresh_token: victim.refresh, registration_id: victim.registrationId },
    devices_create: { registration_id: victim.registrationId, type: 'android' },
    devices_update: { registration_id: victim.registrationId, type: 'ios' },
    CreateAddress: { point: cairo, description: 'mine', location_type: 'HOME' },
  };
  return bodies[operationId] ?? {};
}
