import { spawn } from 'node:child_process';
import { type Sandbox, startSandbox } from '../local/sandbox/server.ts';
import { rotated, type Secrets, TooEarly } from './secrets.ts';

/** What is in SSM; the sandbox reads and writes it. */
const secrets: Secrets = { 'signing-keys': '', 'public-keys': '', 'otp-secrets': '', 'health-key': '' };
const forget = (...names: (keyof Secrets)[]) => {
  for (const name of names) Reflect.deleteProperty(secrets, name);
};
const parsed = (name: keyof Secrets) => JSON.parse(secrets[name]);
const publicKids = () => parsed('public-keys').keys.map(({ kid }: { kid: string }) => kid);
const publishedEarlier = (seconds: number) => {
  const { keys } = parsed('public-keys');
  for (const key of keys) key.publishedAtSeconds -= seconds;
  secrets['public-keys'] = JSON.stringify({ keys });
};

let sandbox: Sandbox;
beforeAll(async () => {
  forget('signing-keys', 'public-keys', 'otp-secrets', 'health-key');
  sandbox = await startSandbox({ port: 0, secrets });
});
afterAll(() => sandbox.stop());

async function run(script: string, ...options: string[]): Promise<[number | null, string]> {
  const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const child = spawn('node_modules/.bin/node', [`scripts/${script}.ts`, ...options], {
    env: { ...process.env, ...credentials, AWS_ENDPOINT_URL_SSM: sandbox.environment.AWS_ENDPOINT_URL_SSM },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return [await new Promise((resolve) => child.once('close', resolve)), output];
}

test('stage:prepare makes the secrets of a stage, says so, and shows none', async () => {
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

test('stage:prepare never overwrites, and makes good what is missing', async () => {
  const before = { ...secrets };
  const [code, output] = await run('stagePrepare', '--stage', 'qa');
  expect([code, output.match(/created/g), secrets]).toEqual([0, null, before]);
  forget('public-keys', 'health-key');
  expect((await run('stagePrepare', '--stage', 'qa'))[1].match(/created/g)).toHaveLength(2);
  expect(secrets['signing-keys']).toBe(before['signing-keys']);
  expect(publicKids()).toEqual([parsed('signing-keys').next.kid, parsed('signing-keys').current.kid]);
});

test('stage:prepare does not replace signing keys that are lost while their public halves are there', async () => {
  const { 'signing-keys': signing } = secrets;
  forget('signing-keys');
  const [code, output] = await run('stagePrepare', '--stage', 'qa');
  expect([code, secrets['signing-keys'], output]).toEqual([1, undefined, expect.stringContaining('Restore')]);
  secrets['signing-keys'] = signing;
});

test('keys:rotate waits until every function knows the next key', async () => {
  const before = { ...secrets };
  const [code, output] = await run('keysRotate', '--stage', 'qa');
  expect([code, output, secrets]).toEqual([1, expect.stringMatching(/try again in \d+ s/), before]);
});

test('keys:rotate moves next to current and current to previous', async () => {
  publishedEarlier(600);
  const before = { signing: parsed('signing-keys'), otp: parsed('otp-secrets') };
  const [code, output] = await run('keysRotate', '--stage', 'qa');
  expect(code).toBe(0);
  const { current, next } = parsed('signing-keys');
  expect(current.kid).toBe(before.signing.next.kid);
  expect(publicKids()).toEqual([next.kid, current.kid, before.signing.current.kid]);
  expect(output).not.toContain(current.d);
  const otp = parsed('otp-secrets');
  expect([otp.current, otp.previous]).toEqual([before.otp.next, before.otp.current]);
  expect(new Set([otp.next.id, otp.current.id, otp.previous.id]).size).toBe(3);
});

test('a key that was replaced is known for 31 days more', () => {
  publishedEarlier(600);
  const now = Math.floor(Date.now() / 1000);
  const after = (seconds: number): string[] =>
    JSON.parse(rotated(secrets, now + seconds)['public-keys']).keys.map(({ kid }: { kid: string }) => kid);
  const [, , previous] = publicKids();
  expect(after(30 * 86_400)).toContain(previous);
  expect(after(32 * 86_400)).not.toContain(previous);
  expect(() => rotated(secrets, now - 86_400)).toThrow(TooEarly);
});

test.each(['stagePrepare', 'keysRotate'])('%s says in a sentence which stage it cannot take', async (script) => {
  for (const options of [[], ['--stage', 'local'], ['--stage', 'No Stage'], ['--stag', 'x']]) {
    const [code, output] = await run(script, ...options);
    expect([code, output.trim().split('\n').length]).toEqual([1, 1]);
  }
});
