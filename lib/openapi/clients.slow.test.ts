import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { Place } from '../testing/stage/localStack.ts';
import { project } from './routes.ts';

const folder = `${project}/examples/client/generators`;
const generated = `${folder}/generated`;
const place = new Place();
const run = (script: string, ...options: string[]) =>
  execFileSync(process.execPath, [`${project}/${script}`, ...options], { cwd: folder, encoding: 'utf8' });

beforeAll(async () => {
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated);
  run('node_modules/oazapfts/dist/cli.js', `${project}/openapi.json`, `${generated}/oazapfts.ts`);
  const codegen = 'node_modules/openapi-typescript-codegen/bin/index.js';
  run(codegen, '--input', `${project}/openapi.json`, '--output', `${generated}/codegen`);
  await place.findPorts();
  await place.start({}, ['--fresh']).ready();
});
afterAll(async () => {
  await place.leave();
  rmSync(generated, { recursive: true });
});

test('generated clients compile', () => {
  expect(run('examples/client/node_modules/typescript/bin/tsc', '--project', folder)).toBe('');
});

test.each([
  ['oazapfts', '+201009876561'],
  ['codegen', '+201009876562'],
])('a client by %s signs in and uploads an image', async (generator, phone) => {
  const program = `${generated}/${generator}.mjs`;
  await build({
    entryPoints: [`${folder}/${generator}.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    outfile: program,
  });
  const env = { ...process.env, API_URL: place.url('API_PORT'), INBOX_URL: place.url('LOCAL_PORT'), PHONE: phone };
  const output = execFileSync(process.execPath, [program], { env, encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual({
    id: expect.any(Number),
    full_name: 'Client',
    image: expect.stringMatching(/^http.*\.png$/),
  });
});
