import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { loadSeed } from '../../seed/load.ts';
import { type DescribedOperation, deviations, operations, spoiled, valid } from '../testing/conformance.ts';
import { notifyOf } from '../testing/notifications.ts';
import { signIn } from '../testing/signIn.ts';
import { cheapPasswords } from '../testing/signUp.ts';
import { adjustWallet } from '../testing/wallet.ts';
import { type Answer, type SignedInCustomer, useWorld } from '../testing/world.ts';
import type { Endpoint } from './endpoint.ts';
import { loadEndpoint } from './openapi.ts';
import { readRoutes } from './routes.ts';

/** How many requests in all; `npm run test:fuzz` sets it. */
const requests = Number(process.env.FUZZ ?? 2_000);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
/** An engine takes longer with every transaction it has done: twice as long after thirty thousand. */
const mostPerEngine = 5_000;
const numRuns = Math.ceil(requests / operations.length / 2);

const world = useWorld();
jest.setTimeout(30_000 + requests * 60);

const handlers = new Map<string, Endpoint>();
let customer: SignedInCustomer | undefined;
let addressId: number;
let notificationId: number;

beforeAll(async () => {
  for (const { method, path, file } of readRoutes()) handlers.set(`${method} ${path}`, await loadEndpoint(file));
});

beforeEach(() => {
  const unlimited = '999999999';
  world.set({ OTP_SENDS_PER_COUNTRY_PER_DAY: unlimited, OTP_SENDS_PER_STAGE_PER_DAY: unlimited });
  cheapPasswords(world);
});

const cairo = { type: 'Point', coordinates: [31.2357, 30.0444] };
const handlerOf = ({ method, path }: Pick<DescribedOperation, 'method' | 'path'>) => {
  const handler = handlers.get(`${method} ${path}`);
  if (!handler) throw new Error(`Nothing answers ${method} ${path}.`);
  return handler;
};
const needsToken = ({ security }: DescribedOperation) => security.length > 0;
const operation = (operationId: string) => {
  const found = operations.find((candidate) => candidate.operationId === operationId);
  if (!found) throw new Error(`There is no operation ${operationId}.`);
  return found;
};
const call = (described: DescribedOperation, request: object): Promise<Answer> =>
  world.call(handlerOf(described), { method: described.method, ...request });

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

/** Path and query values: those of things that are there, and any others. */
function values({ parameters }: DescribedOperation, place: 'path' | 'query') {
  const own = parameters.filter((parameter) => parameter.in === place);
  const fields = own.map(({ name, schema }) => {
    const odd = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.constantFrom('', '0', '-1', '%00', '../x', '1e9'),
    );
    const known = name === 'id' ? [String(addressId), String(notificationId)] : [customer?.registrationId ?? ''];
    const good = place === 'path' ? fc.constantFrom(...known) : valid(schema).map(String);
    return [name, fc.oneof(good, good, odd)] as const;
  });
  return fc.record(Object.fromEntries(fields), { requiredKeys: place === 'path' ? own.map(({ name }) => name) : [] });
}

/** The fields that an answer refuses, whichever surface wrote it; none where it refuses something else. */
function refusedFields({ status, body }: Answer): string[] {
  if (status === 423) return Object.keys(body.errors.errorDetails);
  return status === 400 && body.type === 'validation_error'
    ? body.errors.map(({ attr }: { attr: string }) => attr)
    : [];
}

/** Fields whose rules a schema cannot say in full: real numbers, codes and tokens, dates that have been, addresses that exist. */
const beyondSchema =
  /^(phone_number|otp|refresh|refresh_token|point|image|map_image|birth_date|primary_address|email|end|time_zone|registration_id|long|lat|cursor|page_size|deep|phone|password|birthdate|token|verification_code)$/;

/** No answer may be other than its document says, and none is a fault of ours. */
function expectConforming(described: DescribedOperation, request: object, answer: Answer): void {
  const found = deviations(described, answer);
  expect({ request, status: answer.status, found }).toEqual({ request, status: answer.status, found: [] });
  expect(answer.status).toBeLessThan(500);
}

describe.each(operations.map((described) => [described.operationId, described] as const))('%s', (_, described) => {
  const { body } = described;

  beforeAll(async () => {
    if (requests <= mostPerEngine) return;
    await world.renewEngine();
    await loadSeed();
    customer = undefined;
  });

  test(`answers what the document says to whatever it allows (seed ${seed})`, async () => {
    await signedIn();
    const any = fc.record({
      ...(body && { body: valid(body) }),
      params: values(described, 'path'),
      query: values(described, 'query'),
      extra: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ extra, ...request }) => {
        const { access: token } = await signedIn();
        const sent = { ...request, ...(needsToken(described) && { token }) };
        if (extra && 'body' in sent) sent.body = { ...(sent.body as object), 'unknown-\u{1F600}': [1, { a: null }] };
        const answer = await call(described, sent);
        expectConforming(described, sent, answer);
        const refused = refusedFields(answer).map((attr) => attr.split('.').at(-1) ?? '');
        expect([sent, refused.filter((attr) => !beyondSchema.test(attr))]).toEqual([sent, []]);
      }),
      { numRuns, seed },
    );
  });

  const ways = body ? spoiled(body) : [];
  if (body && ways.length > 0) {
    test(`refuses whatever the document does not allow, and names the field (seed ${seed})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(...ways), valid(body), async (spoil, good) => {
          const { access: token } = await signedIn();
          const { body: bad, how, ...place } = spoil(good as Record<string, unknown>);
          // Whatever is wrong with a point is wrong with it as a whole.
          const attr = place.attr.replace(/^point\..*/, 'point');
          const sent = { body: bad, params: paramsFor(described), ...(needsToken(described) && { token }) };
          const answer = await call(described, sent);
          expectConforming(described, sent, answer);
          expect({ bad, how, attrs: refusedFields(answer) }).toEqual({
            bad,
            how,
            attrs: expect.arrayContaining([expect.stringMatching(new RegExp(`^${attr}(\\.|$)`))]),
          });
        }),
        { numRuns, seed },
      );
    });
  }

  if (needsToken(described)) {
    test('asks for an access token', async () => {
      const request = { body: {}, params: paramsFor(described) };
      for (const [headers, code] of [
        [{}, 'not_authenticated'],
        [{ Authorization: 'Basic eA==' }, 'authentication_failed'],
        [{ Authorization: 'Bearer x.y.z' }, 'token_not_valid'],
        [{ Authorization: `Bearer ${(await signedIn()).refresh}` }, 'token_not_valid'],
      ] as const) {
        const answer = await call(described, { ...request, headers });
        expect(answer.status).toBe(401);
        if (!('code' in answer.body)) expect(answer.body.errors[0].code).toBe(code);
        expectConforming(described, request, answer);
      }
    });
  }
});

function paramsFor({ parameters }: DescribedOperation): Record<string, string> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  return Object.fromEntries(
    inPath.map(({ name }) => [name, name === 'id' ? String(addressId) : (customer?.registrationId ?? '')]),
  );
}

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

  test.each(operations.filter(needsToken).map((described) => [described.operationId, described] as const))(
    'is not shown, changed or told apart by %s',
    async (_, described) => {
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
    },
  );

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
