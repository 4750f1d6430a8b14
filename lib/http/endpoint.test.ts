import * as z from 'zod';
import { handler as sendOtp } from '../../functions/auth/sendOtp.ts';
import { handler as getCustomer } from '../../functions/customers/get.ts';
import { handler as fallback } from '../../functions/fallback.ts';
import { fail } from '../errors.ts';
import { lambdaContext, restEvent } from '../testing/stage/event.ts';
import { logOf } from '../testing/stage/log.ts';
import { authenticateWith, requestOtp, signIn } from '../testing/stage/signIn.ts';
import { useWorld } from '../testing/stage/world.ts';
import { type Authenticator, reply } from './contract.ts';
import { type Endpoint, endpoint, endpointsWith } from './endpoint.ts';
import { standard } from './errorFormats.ts';
import { text } from './fields.ts';
import { json } from './jsonBody.ts';
import { urlencoded } from './urlencoded.ts';

const world = useWorld();

const echo = endpoint(
  {
    summary: 'Answer what came in.',
    params: z.object({ id: text({ max: 50 }) }),
    query: z.object({ page: z.coerce.number().int().min(1).max(100).optional() }),
    body: z.object({ name: text({ max: 5 }), tags: z.array(z.object({ label: text({ max: 3 }) })).optional() }),
    returns: {
      200: z.object({ id: z.string(), name: z.string(), page: z.number().optional(), clientIp: z.string() }),
    },
  },
  ({ params, query, body, clientIp }) => ({ id: params.id, name: body.name, page: query.page, clientIp }),
);
const call = (request: Parameters<typeof world.call>[1]) => world.call(echo, { params: { id: '1' }, ...request });
const codes = (body: { errors: { code: string; attr: string | null }[] }) =>
  body.errors.map(({ attr, code }) => [attr, code]);

describe('a request', () => {
  test('may have a plain or a base64 body', async () => {
    for (const base64 of [false, true]) {
      const { status, body } = await call({ body: { name: 'شاي' }, base64 });
      expect([status, body.name]).toEqual([200, 'شاي']);
    }
  });

  test('has its path values decoded once', async () => {
    expect((await call({ params: { id: 'a%3Ab%2Fc' }, body: { name: 'n' } })).body.id).toBe('a:b/c');
    expect((await call({ params: { id: 'a:b' }, body: { name: 'n' } })).body.id).toBe('a:b');
  });

  test('with a path value that cannot be decoded gets 404', async () => {
    expect((await call({ params: { id: '%E0%A4%A' }, body: { name: 'n' } })).status).toBe(404);
  });

  test('may have unknown fields, header names in any case, and spaces around text', async () => {
    const { status, body } = await call({
      body: '{"name": "  tea ", "colour": "red", "__proto__": {"name": 1}, "constructor": {"prototype": {}}}',
      headers: { 'CONTENT-TYPE': 'application/json; charset=utf-8' },
    });
    expect([status, body.name]).toEqual([200, 'tea']);
  });

  test.each([
    ['broken JSON', '{"name"', 400, 'parse_error'],
    ['an empty document', '  ', 400, 'parse_error'],
    ['more than 64 KiB', JSON.stringify({ name: 'n'.repeat(65_536) }), 413, 'payload_too_large'],
    ['1 MB', JSON.stringify({ name: 'n'.repeat(1_000_000) }), 413, 'payload_too_large'],
    ['a number without an end', '{"name": 1e1000}', 400, 'invalid'],
    ['twenty thousand levels of nesting', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 400, 'invalid'],
  ])('with %s is rejected', async (_, body, status, code) => {
    const response = await call({ body });
    expect([response.status, response.body.errors[0].code]).toEqual([status, code]);
  });

  test.each(['application/json ; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"'])(
    'of content type %s is JSON',
    async (type) => {
      expect((await call({ body: { name: 'n' }, headers: { 'Content-Type': type } })).status).toBe(200);
    },
  );

  test('with a body that is not UTF-8 gets a parse_error', async () => {
    const body = Buffer.from('{"name": "\xff"}', 'latin1').toString('base64');
    const event = { ...restEvent({ params: { id: '1' }, body: '{}', base64: true }), body };
    expect((await echo(event, lambdaContext())).statusCode).toBe(400);
  });

  test.each([
    'text/plain',
    'application/json; charset=utf-16',
    'application/json-patch+json',
    'application/x-www-form-urlencoded',
    'application/xml',
    'multipart/form-data; boundary=x',
  ])('of content type %s gets 415', async (type) => {
    const { status, body } = await call({ body: 'name=n', headers: { 'Content-Type': type } });
    expect([status, body.errors[0].code]).toEqual([415, 'unsupported_media_type']);
  });

  test('that does not accept JSON gets 406 before any other check', async () => {
    const { status, body } = await call({ body: '{', headers: { Accept: 'text/html' } });
    expect([status, body.errors[0].code]).toEqual([406, 'not_acceptable']);
  });

  test.each([
    'text/html, */*;q=0.1',
    'application/json;charset=utf-8',
    'application/json; version=1',
    'application/*',
    '',
  ])('with the Accept header "%s" gets JSON', async (accept) => {
    expect((await call({ body: { name: 'n' }, headers: { Accept: accept } })).status).toBe(200);
  });

  test('may be a form with repeated fields', async () => {
    const form = endpoint(
      {
        summary: 'Answer a form.',
        body: z.object({ name: text({ max: 20 }), tags: z.array(z.string()).optional() }),
        accepts: urlencoded,
        returns: { 200: z.object({ name: z.string(), tags: z.array(z.string()).optional() }) },
      },
      ({ body }) => body,
    );
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' };
    const send = (body: string) => world.call(form, { body, headers });
    expect((await send('name=red+tea%20%D8%B4%D8%A7%D9%8A&tags=a&tags=b')).body).toEqual({
      name: 'red tea شاي',
      tags: ['a', 'b'],
    });
    expect(codes((await send('name=a&name=b')).body)).toEqual([['name', 'invalid']]);
    expect(codes((await send('name=%00')).body)).toEqual([['name', 'null_characters_not_allowed']]);
    expect(codes((await send('__proto__=x&=&&name')).body)).toEqual([['name', 'blank']]);
    for (const broken of ['name=%FF', 'name=%'])
      expect((await send(broken)).body.errors).toEqual([
        { code: 'parse_error', detail: 'The body is not a valid form.', attr: null },
      ]);
    expect((await send(`name=${'x'.repeat(65_536)}`)).status).toBe(413);
  });

  test('with a repeated parameter yields a list if the schema has one, and otherwise the last value', async () => {
    const values = endpoint(
      {
        summary: 'Answer a query.',
        query: z.object({
          one: z.string(),
          all: z.array(z.string()).transform((list) => list.flatMap((value) => value.split(','))),
          some: z.array(z.string()).optional(),
        }),
        returns: { 200: z.object({ one: z.string(), all: z.array(z.string()), some: z.array(z.string()).optional() }) },
      },
      ({ query }) => query,
    );
    expect((await world.call(values, { query: { one: ['a', 'b'], all: ['c', 'd,e'] } })).body).toEqual({
      one: 'b',
      all: ['c', 'd', 'e'],
    });
    expect((await world.call(values, { query: { one: 'a', all: 'b', some: ['c'] } })).body).toEqual({
      one: 'a',
      all: ['b'],
      some: ['c'],
    });
    expect(codes((await world.call(values, { query: { one: 'a' } })).body)).toEqual([['all', 'required']]);
  });

  test('with an invalid path value gets a field error, next to other field errors, if the error format rejects paths', async () => {
    const strict = endpoint(
      {
        summary: 'Refuse a path.',
        errorFormat: { ...standard, rejectsPaths: true },
        params: z.object({ id: z.coerce.number().int() }),
        body: z.object({ name: text({ max: 5 }) }),
        returns: { 204: null },
      },
      () => undefined,
    );
    expect(codes((await world.call(strict, { params: { id: 'x' }, body: {} })).body)).toEqual([
      ['id', 'invalid'],
      ['name', 'required'],
    ]);
    expect(codes((await world.call(strict, { params: { id: '%E0%A4%A' } })).body)).toEqual([['id', 'invalid']]);
  });

  test('without a body is rejected if the service requires bodies', async () => {
    const endpointOfService = endpointsWith({ needsBody: true, accepts: { ...json, mediaType: 'text/plain' } });
    const patch = endpointOfService(
      { summary: 'Take anything.', body: z.object({ name: z.string().optional() }), returns: { 200: z.string() } },
      ({ body }) => body.name ?? 'nothing',
    );
    for (const body of [undefined, ''])
      expect(codes((await world.call(patch, { body })).body)).toEqual([[null, 'parse_error']]);
    expect((await world.call(patch, { body: {} })).body).toBe('nothing');
    const headers = { 'Content-Type': 'text/plain;charset=UTF-8' };
    expect((await world.call(patch, { body: '{"name": "n"}', headers })).body).toBe('n');
  });

  test('may authenticate with any header', async () => {
    const byKey: Authenticator<{ key: string }> = ({ 'api-key': key }) => ({ key: key ?? fail('notAuthenticated') });
    const keyed = endpoint(
      { summary: 'Answer the key.', auth: byKey, returns: { 200: z.object({ key: z.string() }) } },
      ({ key }) => ({ key }),
    );
    expect((await world.call(keyed, { headers: { 'API-Key': 'k' } })).body).toEqual({ key: 'k' });
    expect((await world.call(keyed)).status).toBe(401);
  });

  test('gets all field errors at once, in order, including nested fields and lists', async () => {
    const { body } = await call({
      query: { page: '0' },
      body: { name: 'longer', tags: [{ label: 'ok' }, { label: '' }, {}, { label: null }, 'x'] },
    });
    expect(codes(body)).toEqual([
      ['page', 'min_value'],
      ['name', 'max_length'],
      ['tags.1.label', 'blank'],
      ['tags.2.label', 'required'],
      ['tags.3.label', 'null'],
      ['tags.4.non_field_errors', 'invalid'],
    ]);
    expect(body.errors[1].detail).toBe('Use at most 5 characters.');
  });

  test('without any header is handled', async () => {
    const event = { ...restEvent({ params: { id: '1' } }), headers: null, multiValueHeaders: null };
    const { statusCode } = await echo(event as unknown as Parameters<Endpoint>[0], lambdaContext());
    expect(statusCode).toBe(400);
  });

  test('without a body counts as one with an empty object', async () => {
    expect(codes((await call({})).body)).toEqual([['name', 'required']]);
    expect(codes((await call({ body: '' })).body)).toEqual([['name', 'required']]);
  });

  test.each([
    ['fr, ar-SA;q=0.8, en;q=0.5', 'ar'],
    ['en-US,ar', 'en'],
    ['ar-EG,en', 'ar'],
    ['en;q=0.1, ar;q=0.2', 'ar'],
    ['ar_EG', 'ar'],
    ['AR', 'ar'],
    ['AR_eg', 'ar'],
    ['ar-Arab-EG', 'ar'],
    ['ar_EG.UTF-8', 'ar'],
    ['fr_FR, ar_EG;q=0.8, en;q=0.5', 'ar'],
    ['en_US;q=0.1, ar_SA;q=0.2', 'ar'],
    ['ar_EG;q=0, en;q=0.5', 'en'],
    ['EN_us, ar', 'en'],
    ['arx, arc_EG', 'en'],
    ['*', 'en'],
    ['xx', 'en'],
    [';;;', 'en'],
  ])('with Accept-Language "%s" gets its errors in %s', async (preferred, language) => {
    const { body } = await call({ headers: { 'Accept-Language': preferred } });
    expect(body.errors[0].detail).toBe(language === 'ar' ? 'هذا الحقل مطلوب.' : 'This field is required.');
  });
});

describe('a response', () => {
  test('has the request id, no-store and security headers, and allows only configured origins', async () => {
    for (const body of [{ name: 'n' }, {}]) {
      const { headers } = await call({ body, headers: { Origin: 'https://shop.example.com' } });
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'X-Content-Type-Options': 'nosniff',
        'Access-Control-Allow-Origin': 'https://shop.example.com',
      });
    }
    const { headers } = await call({ body: { name: 'n' }, headers: { Origin: 'https://evil.example.com' } });
    expect(headers).not.toHaveProperty('Access-Control-Allow-Origin');
  });

  test('omits fields that its schema does not declare', async () => {
    const leaky = endpoint({ summary: 'Leak.', returns: { 200: z.object({ name: z.string() }) } }, () => {
      const row = { name: 'n', password: 'p' };
      return row;
    });
    expect((await world.call(leaky)).body).toEqual({ name: 'n' });
  });

  test('is a 500 without details if it violates its schema or the function throws', async () => {
    const broken = [
      endpoint({ summary: 'Lie.', returns: { 200: z.object({ age: z.number().max(10) }) } }, () => ({ age: 11 })),
      endpoint({ summary: 'Throw.', returns: { 204: null } }, () => {
        throw new Error('+201001234567');
      }),
    ];
    for (const handler of broken) {
      const { status, body } = await world.call(handler);
      expect(status).toBe(500);
      expect(body).toEqual({
        type: 'server_error',
        errors: [{ code: 'error', detail: expect.any(String), attr: null }],
      });
      expect(JSON.stringify(body)).not.toMatch(/age|201001234567/);
    }
  });

  test('has the status of its reply, and no body for 204', async () => {
    const either = endpoint({ summary: 'Either.', returns: { 200: z.string(), 201: z.string() } }, () =>
      reply(201, 'new'),
    );
    expect(await world.call(either)).toMatchObject({ status: 201, body: 'new' });
    const nothing = endpoint({ summary: 'Nothing.', returns: { 204: null } }, () => undefined);
    const { status, body, headers } = await world.call(nothing);
    expect([status, body, headers['content-type']]).toEqual([204, undefined, undefined]);
  });

  test('can have additional headers', async () => {
    const dated = endpoint({ summary: 'Say until when.', returns: { 200: z.string() } }, () =>
      reply(200, 'until then', { 'x-expires-after': '2026-11-22T15:00:00.000Z' }),
    );
    const { body, headers } = await world.call(dated);
    expect([body, headers['x-expires-after'], headers['cache-control']]).toEqual([
      'until then',
      '2026-11-22T15:00:00.000Z',
      'no-store',
    ]);
  });

  test('with 429 says in whole seconds when to retry', async () => {
    const busy = endpoint({ summary: 'Busy.', returns: { 204: null } }, () =>
      fail('throttled', { retryAfterSeconds: 7 }),
    );
    const { status, headers } = await world.call(busy);
    expect([status, headers['retry-after']]).toEqual([429, '7']);
  });
});

describe('the fallback', () => {
  const response = (method: string, resource: string) => world.call(fallback as Endpoint, { method, resource });

  beforeEach(() => world.set({ METHODS_BY_RESOURCE: '{"/api/devices":["GET","POST"]}' }));

  test('returns 404 for an unknown path', async () => {
    const { status, body } = await response('GET', '/{proxy+}');
    expect([status, body.errors[0].code]).toEqual([404, 'not_found']);
  });

  test('returns 405 and the allowed methods for a wrong method', async () => {
    const { status, body, headers } = await response('DELETE', '/api/devices');
    expect([status, body.errors[0].code, headers.allow]).toEqual([405, 'method_not_allowed', 'GET, POST']);
  });

  test('responds to preflight requests', async () => {
    const { status, headers } = await world.call(fallback, {
      method: 'OPTIONS',
      resource: '/api/devices',
      headers: { Origin: 'https://shop.example.com', 'Access-Control-Request-Method': 'POST' },
    });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'Access-Control-Allow-Origin': 'https://shop.example.com',
      'Access-Control-Allow-Methods': expect.stringContaining('POST'),
      'Access-Control-Allow-Headers': expect.stringContaining('authorization'),
    });
  });
});

describe('the log', () => {
  test('has one JSON line per request, with its id, route, status, duration and customer', async () => {
    const { access, customer } = await signIn(world);
    const lines = await logOf(() =>
      world.call(getCustomer, { method: 'GET', resource: '/api/customers/me', token: access }),
    );
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'INFO',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      operation: 'GetCustomerDetails',
      method: 'GET',
      route: '/api/customers/me',
      status: 200,
      duration_ms: expect.any(Number),
      customer_id: customer.id,
    });
  });

  test('never shows a phone, an OTP, a token or a body, whatever happens', async () => {
    const phone = world.phone();
    let secrets: string[] = [];
    const lines = await logOf(async () => {
      const code = await requestOtp(world, phone);
      const { body } = await authenticateWith(world, phone, code, { registrationId: 'push-token-secret' });
      const deviceToken = body.device_token;
      await world.call(getCustomer, { method: 'GET', token: body.access });
      await world.call(getCustomer, { method: 'GET', token: `${body.access}x` });
      await authenticateWith(world, phone, '000000');
      await world.call(sendOtp, { body: `{"phone_number": "${phone}"` });
      world.sandbox.faults.opted_out = [phone];
      world.advance(60);
      await world.call(sendOtp, { body: { phone_number: phone, otp_type: 'customer_auth' } });
      world.engine.fail(() => ({ status: 400, type: 'AccessDeniedException', message: phone }));
      await world.call(sendOtp, { body: { phone_number: phone, otp_type: 'customer_auth' } });
      secrets = [
        phone,
        phone.slice(1),
        code,
        deviceToken,
        body.access,
        body.refresh,
        'push-token-secret',
        'phone_number',
      ];
    });
    const statuses = lines.flatMap((line) => JSON.parse(line).status ?? []);
    expect(statuses).toEqual([200, 201, 200, 401, 400, 400, 400, 500]);
    for (const secret of secrets) expect(lines.join('\n')).not.toContain(secret);
  });

  test('names a missing setting', async () => {
    world.set({ TOKEN_ISSUER: '' });
    const lines = await logOf(() => world.call(getCustomer, { method: 'GET', token: 'a.b.c' }));
    expect(lines.join()).toContain('The environment variable TOKEN_ISSUER is not set.');
  });
});
