import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../deploy/bundle.ts';
import { readFunctions, readService } from '../lib/openapi/routes.ts';
import { png } from '../lib/testing/fixtures/images.ts';
import { signIn } from './customer.ts';
import { print } from './report.ts';
import { startStage } from './stage.ts';

/**
 * Measures a function of each kind: the peak memory after many requests, and the processor time per
 * request. Lambda assigns processor time by memory, with a whole virtual CPU at 1,769 MB. The last
 * column is the computing time of a request with the memory of serverless.yml.
 */
const requests = 100;
/**
 * The expected status of each function. The login fails for an unknown customer, which costs as
 * much as any failure.
 */
const kinds = {
  healthGet: 200,
  countriesList: 200,
  customersGet: 200,
  notificationsList: 200,
  authSendOtp: 200,
  passwordLogin: 403,
  addressesCreate: 201,
};

const folder = mkdtempSync(join(tmpdir(), 'bench-memory-'));
const { sandbox, stop } = await startStage();
process.env.ADDRESSES_PER_CUSTOMER = String(2 * requests);
const { access: token } = await signIn(sandbox);

for (const [name, expected] of Object.entries(kinds)) {
  const { file } = readFunctions().find(({ functionName }) => functionName === name) ?? { file: '' };
  const bundle = join(folder, `${name}.cjs`);
  await build({ ...bundleOptions(), entryPoints: [`${file}.ts`], minify: true, outfile: bundle });
  const sample = JSON.parse(readFileSync(`${file.replace('functions', 'events')}.json`, 'utf8'));
  const event = name === 'addressesCreate' ? await withLargeImage(sample) : sample;
  if (event.headers.Authorization) event.headers.Authorization = `Bearer ${token}`;
  writeFileSync(join(folder, 'event.json'), JSON.stringify(event));
  const { rssMb, cpuMs } = await measure(bundle, expected);
  const memory = Number(readService().functions[name]?.memorySize ?? 512);
  const atMemory = (cpuMs * 1_769) / memory;
  print(
    `${name.padEnd(18)} ${String(rssMb).padStart(4)} of ${memory} MB  ${cpuMs.toFixed(1).padStart(6)} ms  ${atMemory.toFixed(0).padStart(4)} ms`,
  );
}

await stop();
rmSync(folder, { recursive: true });

/**
 * Runs a bundle in a new process, as Lambda does. Each request has another IP address and phone
 * number.
 */
async function measure(bundle: string, expected: number): Promise<{ rssMb: number; cpuMs: number }> {
  const script = `
    const { handler } = require(${JSON.stringify(bundle)});
    const event = require(${JSON.stringify(join(folder, 'event.json'))});
    const call = async (index) => {
      const body = event.body?.replace('+201001234567', '+2010' + (20000000 + index));
      const identity = { sourceIp: '10.1.' + (index >> 8) + '.' + (index & 255) };
      const requestContext = { ...event.requestContext, identity };
      const { statusCode } = await handler({ ...structuredClone(event), body, requestContext }, {});
      if (statusCode !== ${expected}) throw new Error('answered ' + statusCode + ' instead of ${expected}');
    };
    (async () => {
      await call(0);
      const before = process.cpuUsage();
      for (let index = 1; index <= ${requests}; index++) await call(index);
      const { user, system } = process.cpuUsage(before);
      const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
      console.log(JSON.stringify({ rssMb, cpuMs: (user + system) / 1000 / ${requests} }));
    })();`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  return JSON.parse(output);
}

/** Returns an address form with a picture of almost 4 MB. */
async function withLargeImage(sample: { headers: Record<string, string> }) {
  const form = new FormData();
  const point = JSON.stringify({ type: 'Point', coordinates: [31.2357, 30.0444] });
  for (const [name, value] of Object.entries({ point, description: 'home', location_type: 'HOME' }))
    form.append(name, value);
  const padding = Buffer.alloc(3_900_000, 1);
  form.append('map_image', new Blob([new Uint8Array(Buffer.concat([png, padding]))], { type: 'image/png' }));
  const encoded = new Response(form);
  const headers = { ...sample.headers, 'Content-Type': encoded.headers.get('content-type') ?? '' };
  return {
    ...sample,
    headers,
    body: Buffer.from(await encoded.arrayBuffer()).toString('base64'),
    isBase64Encoded: true,
  };
}
