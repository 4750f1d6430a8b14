import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { bundleOptions } from '../deploy/bundle.ts';
import { readFunctions, readRoutes } from '../lib/openapi/routes.ts';
import { depth, type EngineProxy, startEngineProxy } from '../lib/testing/stage/engineProxy.ts';
import type { Sandbox } from '../local/sandbox/server.ts';
import { call, codeRequest, newPhone, otpFor, signIn } from './customer.ts';
import { median, type Report } from './report.ts';
import { startStage } from './stage.ts';

const rounds = 7;
const sampleOf = (file: string) => `${file.replace('functions', 'events')}.json`;

/**
 * The minimum of a function with the SDK: the document client of DynamoDB. It makes as many calls
 * one after another as the event says.
 */
const floorSource = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
export const commands = [BatchGetCommand, DeleteCommand, PutCommand, TransactWriteCommand, UpdateCommand];
export const handler = async ({ calls }) => {
  const values = { ':pk': 'CONTENT' };
  for (let call = 0; call < calls; call++) {
    await client.send(new QueryCommand({ TableName: process.env.TABLE_NAME, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: values }));
  }
  return { statusCode: 200 };
};
`;

interface Bundle {
  name: string;
  file: string;
  bytes: number;
  /** Creates an event for the bundle. Without it, the bundle is only loaded. */
  event?: () => Promise<string>;
  compileCache?: string;
  /** The longest chain of calls to the table and to SSM in its first response. */
  calls?: number;
}

interface Start {
  loadMs: number;
  responseMs: number;
  statusCode: number;
}

export async function coldStart(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cold-'));
  const { sandbox, stop } = await startStage();
  const proxies = await Promise.all(['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL_SSM'].map(watchCalls));
  const plain = await bundle(folder, 'plain', {
    stdin: { contents: floorSource, resolveDir: '.' },
    alias: {},
    banner: {},
  });
  const routes = new Set(readRoutes().map(({ functionName }) => functionName));
  const functions: Bundle[] = [];
  for (const { functionName, file } of readFunctions()) {
    const bundled = await bundle(folder, functionName, { entryPoints: [`${file}.ts`] });
    const event = () => eventOf(functionName, readFileSync(sampleOf(file), 'utf8'), sandbox);
    const isCalled = routes.has(functionName);
    const calls = isCalled ? await countCalls({ ...bundled, event }, proxies) : 0;
    functions.push({ ...bundled, calls, ...(isCalled && { event }) });
  }
  const depths = new Set(functions.map(({ calls = 0 }) => calls));
  const floors = Array.from(depths, (calls) => ({ ...plain, calls, event: async () => JSON.stringify({ calls }) }));
  const starts = await startInTurn(floors, functions);
  const gains = await gainsOf(folder, floors);
  for (const proxy of proxies) await proxy.stop();
  await stop();
  rmSync(folder, { recursive: true });
  return reportOf(floors, functions, starts, gains);
}

async function watchCalls(variable: string): Promise<EngineProxy> {
  const proxy = await startEngineProxy(process.env[variable] ?? '');
  process.env[variable] = proxy.url;
  return proxy;
}

async function countCalls(bundled: Bundle, proxies: readonly EngineProxy[]): Promise<number> {
  const event = await bundled.event?.();
  for (const proxy of proxies) proxy.record();
  await start({ ...bundled, event: async () => event ?? '' });
  return depth(proxies.flatMap(({ calls }) => calls));
}

/** Fills a sample event with the tokens and the phone of a new customer. */
async function eventOf(functionName: string, sample: string, sandbox: Sandbox): Promise<string> {
  const phone = newPhone();
  const { access, refresh } = await signIn(sandbox);
  if (functionName === 'customersAuthenticate') await call('authSendOtp', codeRequest(phone));
  return sample
    .replaceAll('ACCESS_TOKEN', access)
    .replaceAll('REFRESH_TOKEN', refresh)
    .replaceAll('+201001234567', phone)
    .replaceAll('123456', otpFor(sandbox, phone) || '123456')
    .replaceAll('mona@example.com', `${randomUUID()}@example.com`);
}

async function bundle(folder: string, name: string, options: BuildOptions): Promise<Bundle> {
  const file = join(folder, `${name}.cjs`);
  await build({ ...bundleOptions(), minify: true, outfile: file, ...options });
  return { name, file, bytes: statSync(file).size };
}

/** Alternates the bundles with the floors, so that other load on the machine affects both. */
async function startInTurn(floors: readonly Bundle[], bundles: readonly Bundle[]): Promise<Map<Bundle, Start[]>> {
  const starts = new Map<Bundle, Start[]>([...floors, ...bundles].map((each) => [each, []]));
  const measure = async (each: Bundle | undefined) => each && starts.get(each)?.push(await start(each));
  for (let round = 0; round < rounds; round++) {
    for (const [index, each] of bundles.entries()) {
      if (index % 3 === 0) await measure(floors[(index / 3) % floors.length]);
      await measure(each);
    }
  }
  return starts;
}

async function start({ file, event, compileCache }: Bundle): Promise<Start> {
  const firstEvent = await event?.();
  if (firstEvent) writeFileSync(`${file}.json`, firstEvent);
  const script = `
    const event = ${firstEvent ? `require(${JSON.stringify(`${file}.json`)})` : 'undefined'};
    const startedAt = performance.now();
    const { handler } = require(${JSON.stringify(file)});
    const loadedAt = performance.now();
    const print = (statusCode) => process.stdout.write(JSON.stringify({ loadMs: loadedAt - startedAt, responseMs: performance.now() - startedAt, statusCode }));
    if (!event) print();
    else handler(event, {}).then(({ statusCode }) => {
      print(statusCode);
      process.exit();
    });`;
  const env = { ...process.env, ...(compileCache && { NODE_COMPILE_CACHE: compileCache }) };
  const child = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  return JSON.parse(output);
}

const shownBundles = {
  customersGet: 'functions/customers/get.ts',
  customersAuthenticate: 'functions/customers/authenticate.ts',
};

/** Measures what options of the bundle gain. One function reads, the other issues tokens. */
async function gainsOf(folder: string, floors: readonly Bundle[]) {
  const variants: [string, BuildOptions][] = [
    ["with zod's JSON schemas", { plugins: [] }],
    ['as shipped', {}],
  ];
  const bundles: (Bundle & { of: string; title: string })[] = [];
  for (const [of, entry] of Object.entries(shownBundles)) {
    for (const [index, [title, options]] of variants.entries()) {
      bundles.push({ ...(await bundle(folder, `${of}${index}`, { entryPoints: [entry], ...options })), of, title });
    }
    const shipped = bundles.at(-1);
    const compileCache = join(folder, `${of}-cache`);
    if (shipped) bundles.push({ ...shipped, title: 'and a compile cache of this very Node.js', compileCache });
  }
  // The first run fills a compile cache.
  for (const each of bundles) await start(each);
  const starts = await startInTurn(floors, bundles);
  const floorMs = loadOf(floors, starts);
  return bundles.map((each) => {
    const loadMs = loadOf([each], starts);
    return [`${each.of}: ${each.title}`, each.bytes / 1000, loadMs, loadMs / floorMs];
  });
}

function loadOf(bundles: readonly Bundle[], starts: Map<Bundle, Start[]>): number {
  return median(bundles.flatMap((each) => starts.get(each) ?? []).map(({ loadMs }) => loadMs));
}

function responseOf(each: Bundle | undefined, starts: Map<Bundle, Start[]>): number {
  return median((each ? (starts.get(each) ?? []) : []).map(({ responseMs }) => responseMs));
}

function reportOf(
  floors: readonly Bundle[],
  functions: readonly Bundle[],
  starts: Map<Bundle, Start[]>,
  gains: (string | number)[][],
): Report {
  const floorLoad = loadOf(floors, starts);
  const floorOf = (calls = 0) =>
    responseOf(
      floors.find((floor) => floor.calls === calls),
      starts,
    );
  const load = (each: Bundle) => loadOf([each], starts) / floorLoad;
  const floorRows = [...floors]
    .sort((a, b) => (a.calls ?? 0) - (b.calls ?? 0))
    .map((floor) => [`plain SDK, ${floor.calls} calls`, floor.bytes / 1000, floorLoad, 1, floorOf(floor.calls), 1]);
  const rows = functions.map((each) => {
    const hasResponse = each.event && starts.get(each)?.every(({ statusCode }) => statusCode < 300);
    const response = responseOf(each, starts);
    const first = hasResponse ? [response, response / floorOf(each.calls)] : ['', ''];
    return [`${each.name}, ${each.calls} calls`, each.bytes / 1000, loadOf([each], starts), load(each), ...first];
  });
  return {
    title: 'Cold start',
    notes: [
      `Each bundle is loaded in a fresh process, ${rounds} times in turn, and answers its first event where the sample in \`events/\` is one that succeeds for a new customer; medians. The floor is a bundle with the document client of DynamoDB alone, as the SDK comes. The floor of a first response makes as many calls one after another as the function makes to the table and to SSM.`,
      'A compile cache would take a good part of the load time away. It is not shipped: it fits only the very build of Node.js that made it, and Lambda changes its own without notice; one that does not fit is of no use.',
    ],
    tables: [
      {
        caption: 'Functions',
        columns: ['function', 'kB', 'load, ms', 'of the floor', 'first response, ms', 'of the floor'],
        rows: [...floorRows, ...rows],
      },
      { caption: 'What steps gain', columns: ['bundle', 'kB', 'load, ms', 'of the floor'], rows: gains },
    ],
    charts: [
      {
        title: 'Load time of functions, as a multiple of the plain SDK',
        kind: 'bar',
        unit: '× floor',
        categories: functions.map(({ name }) => name),
        series: [{ name: 'load', values: functions.map((each) => Number(load(each).toFixed(2))) }],
      },
    ],
  };
}
