import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { bundleOptions } from '../deploy/bundle.ts';
import { readFunctions, readRoutes } from '../lib/openapi/routes.ts';
import type { Sandbox } from '../local/sandbox/server.ts';
import { call, codeRequest, newPhone, otpFor, signIn } from './customer.ts';
import { median, type Report } from './report.ts';
import { startStage } from './stage.ts';

const rounds = 15;
const sampleOf = (file: string) => `${file.replace('functions', 'events')}.json`;

/**
 * The minimum of any function: DynamoDB's document client, bundled like our functions but without
 * our replacements.
 */
const floorSource = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
export const commands = [BatchGetCommand, DeleteCommand, PutCommand, TransactWriteCommand, UpdateCommand];
export const handler = async () => {
  const values = { ':pk': 'CONTENT' };
  await client.send(new QueryCommand({ TableName: process.env.TABLE_NAME, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: values }));
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
}

interface Start {
  loadMs: number;
  responseMs: number;
  statusCode: number;
}

export async function coldStart(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cold-'));
  const { sandbox, stop } = await startStage();
  const floor = {
    ...(await bundle(folder, 'floor', { stdin: { contents: floorSource, resolveDir: '.' }, alias: {}, banner: {} })),
    event: async () => '{}',
  };
  const routes = new Set(readRoutes().map(({ functionName }) => functionName));
  const functions: Bundle[] = [];
  for (const { functionName, file } of readFunctions()) {
    const bundled = await bundle(folder, functionName, { entryPoints: [`${file}.ts`] });
    const event = () => eventOf(functionName, readFileSync(sampleOf(file), 'utf8'), sandbox);
    functions.push({ ...bundled, ...(routes.has(functionName) && { event }) });
  }
  const starts = await startInTurn(floor, functions);
  const gains = await gainsOf(folder, floor);
  await stop();
  rmSync(folder, { recursive: true });
  return reportOf(floor, functions, starts, gains);
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

/** Alternates the bundles with the floor, so that other load on the machine affects both. */
async function startInTurn(floor: Bundle, bundles: readonly Bundle[]): Promise<Map<Bundle, Start[]>> {
  const starts = new Map<Bundle, Start[]>([floor, ...bundles].map((each) => [each, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [index, each] of bundles.entries()) {
      if (index % 4 === 0) starts.get(floor)?.push(await start(floor));
      starts.get(each)?.push(await start(each));
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

/**
 * Measures the gain of each step from a plain bundle of the SDK. One function reads, the other
 * issues tokens.
 */
async function gainsOf(folder: string, floor: Bundle) {
  const variants: [string, BuildOptions][] = [
    ["the SDK's CommonJS build", { mainFields: ['main'], alias: {} }],
    ["the SDK's modules", { alias: {} }],
    ['and only the credentials that Lambda hands over: as shipped', {}],
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
  const starts = await startInTurn(floor, bundles);
  const floorMs = median((starts.get(floor) ?? []).map(({ loadMs }) => loadMs));
  return bundles.map((each) => {
    const loadMs = median((starts.get(each) ?? []).map((one) => one.loadMs));
    return [`${each.of}: ${each.title}`, each.bytes / 1000, loadMs, loadMs / floorMs];
  });
}

function reportOf(
  floor: Bundle,
  functions: readonly Bundle[],
  starts: Map<Bundle, Start[]>,
  gains: (string | number)[][],
): Report {
  const medians = (each: Bundle) => {
    const samples = starts.get(each) ?? [];
    return [median(samples.map(({ loadMs }) => loadMs)), median(samples.map(({ responseMs }) => responseMs))] as const;
  };
  const [floorLoad, floorResponse] = medians(floor);
  const rows = [floor, ...functions].map((each) => {
    const [load, response] = medians(each);
    const hasResponse = each.event && starts.get(each)?.every(({ statusCode }) => statusCode < 300);
    const first = hasResponse ? [response, response / floorResponse] : ['', ''];
    return [each.name, each.bytes / 1000, load, load / floorLoad, ...first];
  });
  return {
    title: 'Cold start',
    notes: [
      `Each bundle is loaded in a fresh process, ${rounds} times in turn, and answers its first event where the sample in \`events/\` is one that succeeds for a new customer; medians. The floor is a bundle with the document client of DynamoDB alone, as the SDK comes, that makes one query. A first answer waits for the sandbox of SSM and for the engine as well, and one of forgetPassword for its second.`,
      'A compile cache would take a good part of the load time away. It is not shipped: it fits only the very build of Node.js that made it, and Lambda changes its own without notice; one that does not fit is of no use.',
    ],
    tables: [
      {
        caption: 'Functions',
        columns: ['function', 'kB', 'load, ms', 'of the floor', 'first answer, ms', 'of the floor'],
        rows,
      },
      { caption: 'What steps gain', columns: ['bundle', 'kB', 'load, ms', 'of the floor'], rows: gains },
    ],
    charts: [
      {
        title: 'Load time of functions, as a multiple of the plain SDK',
        kind: 'bar',
        unit: '× floor',
        categories: functions.map(({ name }) => name),
        series: [{ name: 'load', values: functions.map((each) => Number((medians(each)[0] / floorLoad).toFixed(2))) }],
      },
    ],
  };
}
