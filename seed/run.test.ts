import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from '../lib/openapi/routes.ts';

/** A copy of the project, in which tests may break the seed files. */
const folder = mkdtempSync(join(tmpdir(), 'customer-backend-'));

beforeAll(() => {
  for (const part of ['package.json', 'serverless.yml', 'deploy', 'lib', 'local', 'seed'])
    cpSync(join(project, part), join(folder, part), { recursive: true });
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Runs `npm run seed`. By default no engine listens on the port. Returns the exit code and the
 * output.
 */
async function seed(part: string, port = 9): Promise<[number | null, string]> {
  const env = { ...process.env, DYNAMODB_ENDPOINT: '', DYNAMODB_PORT: String(port) };
  const child = spawn('node_modules/.bin/node', ['seed/run.ts', part], { cwd: folder, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return [await new Promise((resolve) => child.once('close', resolve)), output];
}

test('npm run seed says that no engine responds at the port, or that the port is invalid', async () => {
  const server = createServer((_, response) => response.end('<html>')).listen(0);
  const { port } = server.address() as AddressInfo;
  for (const other of [9, port]) {
    const sentence = `No DynamoDB engine answers at http://127.0.0.1:${other}; start one with npm start, or set DYNAMODB_PORT to its port.\n`;
    expect(await seed('passwords', other)).toEqual([1, sentence]);
  }
  server.close();
});

test.each([
  ['a syntax error', 'faqs', 'export const faqs = [\n  1 2,\n];\n', /cannot be read, at line 2: Expected .+\.\n/],
  [
    'an invalid name',
    'app',
    '\nexport const app = { terms };\n',
    /cannot be read, at line 2: terms is not defined\.\n/,
  ],
  [
    'a range without a number of digits',
    'countries',
    `export const countries = [${JSON.stringify({
      code: 'SA',
      flag: 'https://example.com/sa.svg',
      phoneCode: '966',
      currency: 'SAR',
      active: true,
      extraPhoneRanges: [
        { prefix: '50', digits: 9 },
        { prefix: '52', digits: '9' },
      ],
    })}];`,
    /is wrong at countries\[0\]\.extraPhoneRanges\[1\]\.digits: Invalid input: expected number.+\.\n/,
  ],
  ['another name', 'countries', 'export const nations = [];\n', /exports no "countries"\.\n/],
  [
    'another type',
    'settings',
    'export const settings = 1;\n',
    /is wrong at settings: Invalid input: expected record.+\.\n/,
  ],
])('npm run seed names the file with %s in one line before it calls the table', async (_, file, content, problem) => {
  writeFileSync(join(folder, `seed/${file}.ts`), content);
  expect(await seed(file)).toEqual([1, expect.stringMatching(new RegExp(`^seed/${file}.ts ${problem.source}$`))]);
});

test('npm run seed names a range that contains no mobile numbers before it calls the table', async () => {
  const country = { code: 'SA', flag: 'https://example.com/sa.svg', phoneCode: '966', currency: 'SAR', active: true };
  const extraPhoneRanges = [
    { prefix: '52', digits: 9 },
    { prefix: '925', digits: 9 },
  ];
  const content = `export const countries = [${JSON.stringify({ ...country, extraPhoneRanges })}];`;
  writeFileSync(join(folder, 'seed/countries.ts'), content);
  const sentence =
    'seed/countries.ts is wrong at countries[0].extraPhoneRanges[1]: 925 holds premium-rate numbers, such as +966925000000.\n';
  expect(await seed('countries')).toEqual([1, sentence]);
});
