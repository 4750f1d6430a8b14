import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bundleTogether } from './bundle.ts';
import { Lambda } from './lambda.ts';
import { reloadOnChange } from './reload.ts';

const definition = {
  name: 'shop-local-greet',
  handler: 'functions/greet.handler',
  environment: {},
  timeoutSeconds: 3,
  memoryMb: 128,
};

let folder: string;
let lambda: Lambda;
let lines: string[];
let stop: () => Promise<void>;

const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
const greet = () => lambda.invoke('greet', {});
async function until(isDone: () => Promise<boolean> | boolean): Promise<void> {
  for (let left = 200; left > 0 && !(await isDone()); left--) await setTimeout(25);
  expect(await isDone()).toBe(true);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reload-'));
  mkdirSync(join(folder, 'functions'));
  mkdirSync(join(folder, 'lib'));
  write(
    'serverless.yml',
    'service: shop\ncustom: { esbuild: { target: node24, mainFields: [module, main], alias: {} } }\nfunctions: { greet: { handler: functions/greet.handler } }\n',
  );
  write('lib/name.ts', "export const name = 'Mona';\n");
  write(
    'functions/greet.ts',
    "import { name } from '../lib/name.ts';\nexport const handler = async () => 'Hello ' + name;\n",
  );
  const bundles = join(folder, 'bundles');
  lambda = new Lambda({ greet: definition }, bundles);
  lines = [];
  const folders = await bundleTogether(folder, bundles);
  stop = reloadOnChange({ folder, bundles, folders }, lambda, (line) => lines.push(line));
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

test('a changed function, or a changed file that it imports, runs from the next request on', async () => {
  expect(await greet()).toBe('Hello Mona');
  write('lib/name.ts', "export const name = 'Salma';\n");
  await until(async () => (await greet()) === 'Hello Salma');
  write('functions/greet.ts', "export const handler = async () => 'Goodbye';\n");
  await until(async () => (await greet()) === 'Goodbye');
  expect(lines.at(-1)).toMatch(/^greet\.ts changed; the functions were reloaded in \d+ ms\.$/);
});

test('functions keep running unchanged while a file cannot be bundled', async () => {
  write('functions/greet.ts', 'export const handler = async () => {\n');
  await until(() => lines.length > 0);
  expect(lines).toEqual(['greet.ts changed, but the functions cannot be bundled; they run as they were.']);
  expect(await greet()).toBe('Hello Mona');
  write('functions/greet.ts', "export const handler = async () => 'Corrected';\n");
  await until(async () => (await greet()) === 'Corrected');
});

test('a new file is watched once a function imports it', async () => {
  mkdirSync(join(folder, 'texts'));
  write('texts/text.ts', "export const text = 'one';\n");
  write(
    'functions/greet.ts',
    "export { text } from '../texts/text.ts';\nimport { text } from '../texts/text.ts';\nexport const handler = async () => text;\n",
  );
  await until(async () => (await greet()) === 'one');
  write('texts/text.ts', "export const text = 'two';\n");
  await until(async () => (await greet()) === 'two');
});
