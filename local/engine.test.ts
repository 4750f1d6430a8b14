import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../lib/testing/stage/ports.ts';
import { endOrphanedEngine, engineCommand, startEngine } from './engine.ts';

test('an engine that npm has not installed is downloaded in the same version, with a notice', () => {
  const { version } = createRequire(import.meta.url)('@dynoxide/linux-x64/package.json');
  expect(engineCommand('sunos', 'sparc')).toEqual({
    command: 'npx',
    args: ['--yes', `dynoxide@${version}`],
    notice: `npm installs no DynamoDB engine for sunos-sparc, so npx downloads dynoxide@${version}.`,
  });
});

test('an engine that cannot read its data explains that in one sentence', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'customer-backend-')), 'dynamodb.sqlite');
  writeFileSync(file, 'This is not a database. '.repeat(100));
  await expect(startEngine(await freePort(), file)).rejects.toMatchObject({
    name: 'SetupError',
    message: expect.stringMatching(/^The DynamoDB engine does not start on port \d+ \(.+\); set .+ with --fresh\.$/),
  });
});

test('the engine of a stack that was killed leaves its port and its data to the next', async () => {
  const [port, file] = [await freePort(), join(mkdtempSync(join(tmpdir(), 'customer-backend-')), 'dynamodb.sqlite')];
  await startEngine(port, file);
  const killed = readFileSync(`${file}.pid`, 'utf8');
  await endOrphanedEngine(file);
  const { endpoint, stop } = await startEngine(port, file);
  expect(readFileSync(`${file}.pid`, 'utf8')).not.toBe(killed);
  expect((await fetch(endpoint, { method: 'POST' })).status).toBe(400);
  stop();
  expect(existsSync(`${file}.pid`)).toBe(false);
});
