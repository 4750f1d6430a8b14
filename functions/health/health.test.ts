import { logOf } from '../../lib/testing/stage/log.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as getHealth } from './get.ts';

const world = useWorld();

const checkDeeply = (authorization?: string) =>
  world.call(getHealth, {
    method: 'GET',
    query: { deep: '1' },
    headers: { ...(authorization && { Authorization: authorization }) },
  });
const makeBearer = () => `Bearer ${JSON.parse(world.secrets['health-key']).key}`;

test('the health check returns the version without a call to another service', async () => {
  world.set({ VERSION: '1.2.3', COMMIT: 'abc123' });
  world.engine.record();
  const { status, body, headers } = await world.call(getHealth, { method: 'GET' });
  expect([status, body]).toEqual([200, { status: 'ok', version: '1.2.3', commit: 'abc123', stage: 'local' }]);
  expect(headers['cache-control']).toBe('no-store');
  expect(world.engine.calls).toEqual([]);
});

test('a deep health check with the key of the stage checks the table and SNS', async () => {
  const { status, body } = await checkDeeply(makeBearer());
  expect([status, body.status, body.checks]).toEqual([200, 'ok', { table: 'ok', sns: 'ok' }]);
});

test.each([[undefined], ['Bearer '], ['Bearer wrong'], [`Bearer ${'x'.repeat(43)}`]])(
  'a deep health check with the header %j is rejected without a call to another service',
  async (authorization) => {
    world.engine.record();
    const { status, body } = await checkDeeply(authorization);
    expect([status, body.errors[0].code]).toEqual([403, 'permission_denied']);
    expect(world.engine.calls).toEqual([]);
  },
);

test('a deep health check names the failing services without details', async () => {
  world.engine.fail(() => ({ status: 400, type: 'ResourceNotFoundException', message: 'secret detail' }));
  world.sandbox.faults.internal_error = true;
  let response: Awaited<ReturnType<typeof checkDeeply>> | undefined;
  const lines = await logOf(async () => {
    response = await checkDeeply(makeBearer());
  });
  expect([response?.status, response?.body.checks]).toEqual([503, { table: 'failing', sns: 'failing' }]);
  expect(JSON.stringify(response?.body)).not.toContain('detail');
  expect(lines.join()).not.toContain(makeBearer().slice(7));
});

test('the health check rejects another value of deep', async () => {
  const { status, body } = await world.call(getHealth, { method: 'GET', query: { deep: 'x' } });
  expect([status, body.errors[0]]).toEqual([400, expect.objectContaining({ attr: 'deep', code: 'invalid_choice' })]);
});
