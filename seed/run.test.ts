import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from '../lib/http/routes.ts';

/** A copy of the project, whose seed files a test may spoil. */
const folder = mkdtempSync(join(tmpdir(), 'customer-backend-'));

beforeAll(() => {
  for (const part of ['package.json', 'serverless.yml', 'deploy', 'lib', 'local', 'seed'])
    cpSync(join(project, part), join(folder, part), { recursive: true });
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `npm run seed`; answers its exit code and what it printed. No engine listens at the port. */
async function seed(...words: string[]): Promise<[number | null, string]> {
  const env = { ...process.env, DYNAMODB_ENDPOINT: '', DYNAMODB_PORT: '9' };
  const child = spawn('node_modules/.bin/node', ['seed/run.ts', ...words], { cwd: folder, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return [await new Promise((resolve) => child.once('close', resolve)), output];
}

test.each([
  ['a syntax error', 'faqs', 'export const faqs = [\n  1 2,\n];\n', /cannot be read, at line 2: Expected .+\.\n/],
  [
    'a name that is none',
    'app',
    '\nexport const app = { terms };\n',
    /cannot be read, at line 2: terms is not defined\.\n/,
  ],
  ['another name', 'countries', 'export const nations = [];\n', /exports no "countries"\.\n/],
  [
    'something else',
    'settings',
    'export const settings = 1;\n',
    /is wrong at settings: Invalid input: expected record.+\.\n/,
  ],
])('says in a line which file has %s, before it asks the table', async (_, file, content, problem) => {
  writeFileSync(join(folder, `seed/${file}.ts`), content);
  expect(await seed(file)).toEqual([1, expect.stringMatching(new RegExp(`^seed/${file}.ts ${problem.source}$`))]);
});
