import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { publicKeysKey } from '../lib/table/keys.ts';
import { startTestEngine } from '../lib/testing/stage/engine.ts';
import { StoredItems } from '../lib/testing/stage/storedItems.ts';
import type { Engine } from '../local/engine.ts';
import { type Sandbox, startSandbox } from '../local/sandbox/server.ts';
import { createTable } from '../local/table.ts';
import { Parameters } from './parameters.ts';
import { emptyBucket } from './remains.ts';
import { rotated, type Secrets, TooEarly, withdrawn } from './secrets.ts';

/** The parameters in SSM, which the sandbox reads and writes. */
const secrets: Secrets = { 'signing-keys': '', 'public-keys': '', 'otp-secrets': '', 'health-key': '' };
const deleteSecrets = (...names: (keyof Secrets)[]) => {
  for (const name of names) Reflect.deleteProperty(secrets, name);
};
/** State of the stand-in for the AWS account, which the unchanged SDK calls. */
const account = { role: '', attached: '', updates: 0, isInSandbox: false, spendLimit: '100', concurrency: 1_000 };
const isForbidden = new Set<string>();
const aws = new Hono()
  .get('/2016-08-19/account-settings', (context) =>
    isForbidden.has('lambda')
      ? context.json({ __type: 'AccessDeniedException', message: 'lambda:GetAccountSettings' }, 403)
      : context.json({ AccountLimit: { ConcurrentExecutions: account.concurrency } }),
  )
  .get('/account', (context) => context.json({ cloudwatchRoleArn: account.role || undefined }))
  .patch('/account', async (context) => {
    account.updates += 1;
    if (account.updates === 1) return context.json({ __type: 'BadRequestException', message: 'not yet' }, 400);
    const { patchOperations } = await context.req.json();
    account.role = patchOperations[0].value;
    return context.json({ cloudwatchRoleArn: account.role });
  })
  .post('/', async (context) => {
    const query = new URLSearchParams(await context.req.text());
    const action = query.get('Action');
    if (action === 'GetSMSSandboxAccountStatus') {
      return context.body(
        `<R><${action}Result><IsInSandbox>${account.isInSandbox}</IsInSandbox></${action}Result></R>`,
      );
    }
    if (action === 'GetSMSAttributes') {
      const entry = `<entry><key>MonthlySpendLimit</key><value>${account.spendLimit}</value></entry>`;
      return context.body(`<R><${action}Result><attributes>${entry}</attributes></${action}Result></R>`);
    }
    if (action === 'AttachRolePolicy') account.attached = query.get('PolicyArn') ?? '';
    const arn = `arn:aws:iam::123456789012:role/${query.get('RoleName')}`;
    return context.body(
      `<${action}Response><${action}Result><Role><Arn>${arn}</Arn></Role></${action}Result></${action}Response>`,
    );
  });

const parsed = (name: keyof Secrets) => JSON.parse(secrets[name]);
const publicKids = () => parsed('public-keys').keys.map(({ kid }: { kid: string }) => kid);
/** Returns the ids of the public keys in the table, which functions accept. */
const acceptedKids = async () => {
  const [item] = await stored.partition(publicKeysKey.pk);
  return (item?.keys as { kid: string }[] | undefined)?.map(({ kid }) => kid);
};
const publishedEarlier = (seconds: number) => {
  const { keys } = parsed('public-keys');
  for (const key of keys) key.publishedAtSeconds -= seconds;
  secrets['public-keys'] = JSON.stringify({ keys });
};

const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
let sandbox: Sandbox;
let server: ReturnType<typeof serve>;
let engine: Engine;
let stored: StoredItems;
const tableName = 'customer-backend-qa';
beforeAll(async () => {
  deleteSecrets('signing-keys', 'public-keys', 'otp-secrets', 'health-key');
  sandbox = await startSandbox({ port: 0, secrets });
  Object.assign(process.env, { AWS_REGION: 'eu-central-1', ...credentials });
  engine = await startTestEngine();
  stored = new StoredItems(engine.endpoint, tableName);
  server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch: aws.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started));
  });
});
afterAll(async () => {
  stored.close();
  engine.stop();
  await sandbox.stop();
  await new Promise((resolve) => server.close(resolve));
});

async function run(script: string, ...options: string[]): Promise<[number | null, string]> {
  const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn('node_modules/.bin/node', [`scripts/${script}.ts`, ...options], {
    env: {
      ...process.env,
      ...credentials,
      AWS_ENDPOINT_URL: elsewhere,
      AWS_ENDPOINT_URL_SSM: sandbox.environment.AWS_ENDPOINT_URL_SSM,
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return [await new Promise((resolve) => child.once('close', resolve)), output];
}

test('stage:prepare creates the secrets of a stage, and prints their names but not their values', async () => {
  const [code, output] = await run('stagePrepare', '--stage', 'qa');
  expect([code, output.match(/created/g)]).toEqual([0, Array(4).fill('created')]);
  for (const name of ['signing-keys', 'public-keys', 'otp-secrets', 'health-key'] as const) {
    expect(output).toContain(`/customer-backend/qa/${name} `);
    expect(secrets[name]).toBeDefined();
  }
  expect(output).not.toContain(parsed('signing-keys').current.d);
  expect(output).not.toContain(parsed('health-key').key);
  expect(publicKids()).toEqual([parsed('signing-keys').next.kid, parsed('signing-keys').current.kid]);
  expect(secrets['public-keys']).not.toContain('"d"');
});

test('stage:prepare never overwrites a secret, and creates missing ones', async () => {
  const before = { ...secrets };
  const [code, output] = await run('stagePrepare', '--stage', 'qa');
  expect([code, output.match(/created/g), secrets]).toEqual([0, null, before]);
  deleteSecrets('public-keys', 'health-key');
  expect((await run('stagePrepare', '--stage', 'qa'))[1].match(/created/g)).toHaveLength(2);
  expect(secrets['signing-keys']).toBe(before['signing-keys']);
  expect(publicKids()).toEqual([parsed('signing-keys').next.kid, parsed('signing-keys').current.kid]);
});

test('stage:prepare sets the role for access logs once per account, and waits for IAM', async () => {
  expect(account.updates).toBe(0);
  const [code, output] = await run('stagePrepare', '--stage', 'staging');
  expect([code, output]).toEqual([0, expect.stringMatching(/role\/api-gateway-logs +created/)]);
  expect(account).toMatchObject({
    role: 'arn:aws:iam::123456789012:role/api-gateway-logs',
    attached: 'arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
    updates: 2,
  });
  expect((await run('stagePrepare', '--stage', 'prod'))[1]).toMatch(/role\/api-gateway-logs +is there already/);
  expect(account.updates).toBe(2);
});

test('stage:prepare does not replace lost signing keys while their public keys exist', async () => {
  const { 'signing-keys': signing } = secrets;
  deleteSecrets('signing-keys');
  const [code, output] = await run('stagePrepare', '--stage', 'qa');
  expect([code, secrets['signing-keys'], output]).toEqual([1, undefined, expect.stringContaining('Restore')]);
  secrets['signing-keys'] = signing;
});

test('stage:prepare explains high throughput of SSM, and enables it only with --high-throughput', async () => {
  const setting = '/ssm/parameter-store/high-throughput-enabled';
  const [code, output] = await run('stagePrepare', '--stage', 'qa');
  expect([code, setting in secrets]).toEqual([0, false]);
  expect(output).toContain('SSM allows 40 reads a second for all stages of an account; --high-throughput raises that');
  const [raised, enabledOutput] = await run('stagePrepare', '--stage', 'qa', '--high-throughput');
  expect([raised, Reflect.get(secrets, setting)]).toEqual([0, 'true']);
  expect(enabledOutput).toContain('charges 0.05 USD');
  Reflect.deleteProperty(secrets, setting);
});

describe('stage:check', () => {
  const check = (stage = 'qa') => run('stageCheck', '--stage', stage);
  const defaults = { ...account };
  afterEach(() => {
    Object.assign(account, { isInSandbox: defaults.isInSandbox, spendLimit: '100', concurrency: 1_000 });
    isForbidden.clear();
  });

  test('reports the account settings of a stage, and fails if countries require a sender ID that is not set', async () => {
    const [code, output] = await check();
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual([
      'ok    SNS sends SMS to every number in eu-central-1.',
      'ok    SMS may cost 100 USD a month.',
      expect.stringMatching(/^fail {2}The stage has no sender ID, which EG, SA, AE, KW, QA demand/),
      'ok    The stage has no sender of e-mails, so it sends none.',
      'ok    Lambda runs 1000 functions at a time.',
      expect.stringMatching(/^warn {2}SSM allows 40 reads/),
      expect.stringMatching(/^ok {4}The stage has no access log/),
      'ok    The stage has its secrets.',
    ]);
  });

  test.each([
    ['the SMS sandbox', { isInSandbox: true }, /^fail {2}SNS is in the SMS sandbox in eu-central-1.*Exit SMS sandbox/m],
    ['1 USD a month', { spendLimit: '1' }, /^fail {2}SMS may cost 1 USD a month.*Service Quotas/m],
    ['a limit below its alarm', { spendLimit: '50' }, /^warn {2}SMS may cost 50 USD.*smsSpendAlarmUsd/m],
    ['a new quota of Lambda', { concurrency: 10 }, /^warn {2}Lambda runs 10 functions at a time.*Service Quotas/m],
  ])('reports %s', async (_, state, sentence) => {
    Object.assign(account, state);
    expect((await check())[1]).toMatch(sentence);
  });

  test('reports missing secrets, and prints none', async () => {
    const { 'otp-secrets': otp } = secrets;
    deleteSecrets('otp-secrets');
    const [code, output] = await check();
    Object.assign(secrets, { 'otp-secrets': otp });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^fail {2}SSM lacks \/customer-backend\/qa\/otp-secrets\. Run npm run stage:prepare/m),
    ]);
    expect(output).not.toContain(parsed('signing-keys').current.d);
  });

  test('reports a missing role for access logs', async () => {
    const { role } = account;
    account.role = '';
    expect((await check('prod'))[1]).toMatch(/^fail {2}API Gateway has no role for logs/m);
    account.role = role;
    expect((await check('prod'))[1]).toMatch(/^ok {4}API Gateway logs as arn/m);
  });

  test('continues after a check that IAM denies', async () => {
    isForbidden.add('lambda');
    const [, output] = await check();
    expect(output).toMatch(/^warn {2}Something could not be checked\. .*lambda:GetAccountSettings/m);
    expect(output.trim().split('\n')).toHaveLength(8);
  });
});

test('keys:rotate changes nothing if the stage has no table, and says so', async () => {
  publishedEarlier(600);
  const before = { ...secrets };
  const [code, output] = await run('keysRotate', '--stage', 'qa');
  expect([code, output.trim(), secrets]).toEqual([1, 'The stage has no table yet; deploy it first.', before]);
  publishedEarlier(-600);
  await createTable(engine.endpoint, tableName);
});

test('keys:rotate waits until every function accepts the next key', async () => {
  const before = { ...secrets };
  const [code, output] = await run('keysRotate', '--stage', 'qa');
  expect([code, output, secrets]).toEqual([1, expect.stringMatching(/try again in \d+ s/), before]);
});

test('keys:rotate promotes next to current and current to previous', async () => {
  publishedEarlier(600);
  const before = { signing: parsed('signing-keys'), otp: parsed('otp-secrets') };
  const [code, output] = await run('keysRotate', '--stage', 'qa');
  expect(code).toBe(0);
  const { current, next } = parsed('signing-keys');
  expect(current.kid).toBe(before.signing.next.kid);
  expect(publicKids()).toEqual([next.kid, current.kid, before.signing.current.kid]);
  expect(await acceptedKids()).toEqual(publicKids());
  expect(output).not.toContain(current.d);
  const otp = parsed('otp-secrets');
  expect([otp.current, otp.previous]).toEqual([before.otp.next, before.otp.current]);
  expect(new Set([otp.next.id, otp.current.id, otp.previous.id]).size).toBe(3);
});

/** Runs a command that fails because these parameters in SSM cannot be written. */
async function interrupt(names: readonly (keyof Secrets)[], command: () => Promise<[number | null, string]>) {
  for (const name of names) Object.defineProperty(secrets, name, { writable: false });
  try {
    expect((await command())[0]).toBe(1);
  } finally {
    for (const name of names) Object.defineProperty(secrets, name, { writable: true });
  }
}

test.each([
  ['copying its public keys', ['public-keys', 'signing-keys'] as const],
  ['writing its public keys', ['signing-keys'] as const],
])(
  'a rotation that is interrupted after %s signs with an accepted key, and the next run finishes it',
  async (_, names) => {
    const saved = { ...secrets };
    publishedEarlier(600);
    const before = parsed('signing-keys');
    await interrupt(names, () => run('keysRotate', '--stage', 'qa'));
    expect(parsed('signing-keys')).toEqual(before);
    expect(await acceptedKids()).toEqual(expect.arrayContaining([before.current.kid, before.next.kid]));
    expect((await run('keysRotate', '--stage', 'qa'))[0]).toBe(0);
    const { current, next } = parsed('signing-keys');
    expect(current.kid).toBe(before.next.kid);
    expect(await acceptedKids()).toEqual(publicKids());
    expect(publicKids()).toEqual(expect.arrayContaining([next.kid, current.kid, before.current.kid]));
    Object.assign(secrets, saved);
  },
);

test('a previous key is accepted for another 31 days', () => {
  publishedEarlier(600);
  const now = Math.floor(Date.now() / 1000);
  const after = (seconds: number): string[] =>
    JSON.parse(rotated(secrets, now + seconds)['public-keys']).keys.map(({ kid }: { kid: string }) => kid);
  const [, , previous] = publicKids();
  expect(after(30 * 86_400)).toContain(previous);
  expect(after(32 * 86_400)).not.toContain(previous);
  expect(() => rotated(secrets, now - 86_400)).toThrow(TooEarly);
});

test('the run after an interrupted rotation keeps accepting the key that continued to sign', () => {
  const now = Math.floor(Date.now() / 1000) + 86_400;
  const { 'public-keys': published } = rotated(secrets, now);
  const later = now + 40 * 86_400;
  const after = rotated({ ...secrets, 'public-keys': published }, later);
  const kids = JSON.parse(after['public-keys']).keys.map(({ kid }: { kid: string }) => kid);
  expect(kids).toEqual([
    JSON.parse(after['signing-keys']).next.kid,
    parsed('signing-keys').next.kid,
    parsed('signing-keys').current.kid,
  ]);
  expect(JSON.parse(after['public-keys']).keys[2].retiredAtSeconds).toBe(later);
});

describe('keys:rotate --withdraw', () => {
  const withdraw = (kid: string) => run('keysRotate', '--stage', 'qa', '--withdraw', kid);
  const kids = () => ({ current: parsed('signing-keys').current.kid, next: parsed('signing-keys').next.kid });

  test('removes a previous key from the accepted keys, and changes nothing else', async () => {
    const before = { ...secrets };
    const [next, current, previous] = publicKids();
    const [code, output] = await withdraw(previous);
    expect([code, publicKids(), await acceptedKids()]).toEqual([0, [next, current], [next, current]]);
    expect({ ...secrets, 'public-keys': '' }).toEqual({ ...before, 'public-keys': '' });
    expect(output).toContain('five minutes');
  });

  test('promotes the next key immediately in place of the current key, and creates a new next key', async () => {
    const before = kids();
    const otp = secrets['otp-secrets'];
    const [code, output] = await withdraw(before.current);
    expect([code, kids().current]).toEqual([0, before.next]);
    expect(publicKids()).toEqual([kids().next, before.next]);
    expect([before.current, before.next]).not.toContain(kids().next);
    expect([secrets['otp-secrets'], secrets['public-keys'].includes('"d"')]).toEqual([otp, false]);
    expect(output).not.toContain(parsed('signing-keys').current.d);
  });

  test('first removes the key from the accepted keys, and can be retried if it is interrupted after that', async () => {
    const saved = { ...secrets };
    publishedEarlier(600);
    await run('keysRotate', '--stage', 'qa');
    for (const choose of [() => publicKids()[2], () => kids().next, () => kids().current]) {
      const kid = choose();
      await interrupt(['public-keys', 'signing-keys'], () => withdraw(kid));
      expect([publicKids().includes(kid), (await acceptedKids())?.includes(kid)]).toEqual([true, false]);
      expect((await withdraw(kid))[0]).toBe(0);
      expect([publicKids().includes(kid), await acceptedKids()]).toEqual([false, publicKids()]);
      expect(publicKids()).toEqual(expect.arrayContaining([kids().current, kids().next]));
    }
    Object.assign(secrets, saved);
  });

  test('replaces the next key, and the new one cannot sign before functions accept it', async () => {
    const before = kids();
    expect((await withdraw(before.next))[0]).toBe(0);
    expect([kids().current, publicKids()]).toEqual([before.current, [kids().next, before.current]]);
    expect(kids().next).not.toBe(before.next);
    expect((await run('keysRotate', '--stage', 'qa'))[1]).toMatch(/try again in \d+ s/);
  });

  test.each(['unknown', '', '__proto__'])(
    'says in one sentence that there is no key "%s", and changes nothing',
    async (kid) => {
      const before = { ...secrets };
      const [code, output] = await withdraw(kid);
      expect([code, output.trim(), secrets]).toEqual([1, `The stage has no key "${kid}".`, before]);
    },
  );

  test('keeps the previous keys that have not leaked', () => {
    publishedEarlier(600);
    const now = Math.floor(Date.now() / 1000);
    const { current } = kids();
    const after = rotated(secrets, now);
    const promoted = JSON.parse(after['signing-keys']).current.kid;
    const { keys } = JSON.parse(withdrawn(after, promoted, now)['public-keys']);
    expect(keys.map(({ kid }: { kid: string }) => kid).slice(2)).toEqual([current]);
  });

  test('can be retried if it was interrupted before the signing keys were written', () => {
    const before = kids();
    const now = Math.floor(Date.now() / 1000);
    const { 'public-keys': published } = withdrawn(secrets, before.current, now);
    const after = withdrawn({ ...secrets, 'public-keys': published }, before.current, now);
    const signing = JSON.parse(after['signing-keys']);
    const { keys } = JSON.parse(after['public-keys']);
    expect(signing.current.kid).toBe(before.next);
    expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual([signing.next.kid, before.next]);
  });
});

test('the parameters of a stage are deleted with the stage', async () => {
  Object.assign(process.env, { AWS_ENDPOINT_URL_SSM: sandbox.environment.AWS_ENDPOINT_URL_SSM, ...credentials });
  await new Parameters('customer-backend', 'qa', 'eu-central-1').removeAll();
  expect(secrets).toEqual({});
});

test('a bucket with more objects than one request can list is emptied', async () => {
  const { AWS_ENDPOINT_URL_S3 = '', IMAGES_URL, IMAGES_BUCKET = '' } = sandbox.environment;
  Object.assign(process.env, { AWS_ENDPOINT_URL_S3, ...credentials });
  const puts = Array.from({ length: 1_050 }, (_, index) =>
    fetch(`${IMAGES_URL}/images/1/${index}`, { method: 'PUT', body: 'x' }),
  );
  await Promise.all(puts);
  expect(await emptyBucket(IMAGES_BUCKET, 'eu-central-1')).toBe(1_050);
  expect(await emptyBucket(IMAGES_BUCKET, 'eu-central-1')).toBe(0);
});

test.each(['stagePrepare', 'keysRotate'])('%s rejects an invalid stage in one sentence', async (script) => {
  for (const options of [
    [],
    ['--stage', 'local'],
    ['--stage', 'No Stage'],
    ['--stag', 'x'],
    ['--stage', 'x', '--withdraw'],
  ]) {
    const [code, output] = await run(script, ...options);
    expect([code, output.trim().split('\n').length]).toEqual([1, 1]);
  }
});
