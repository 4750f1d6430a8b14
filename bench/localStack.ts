import { readdirSync, readFileSync } from 'node:fs';
import pMap from 'p-map';
import { StackRunner } from '../lib/testing/stage/localStack.ts';
import { median, type Report } from './report.ts';

const starts = 5;
const requests = 600;
const atOnce = [1, 8, 64];

/** Measures what developers wait for: the start of `npm start`, its memory and its request rate. */
export async function localStack(): Promise<Report> {
  const runner = new StackRunner();
  const [ready, memory] = [[] as number[], [] as number[]];
  let rates: number[] = [];
  for (let round = 0; round < starts; round++) {
    await runner.findPorts();
    const startedAt = performance.now();
    const stack = runner.start({}, ['--fresh']);
    await stack.ready();
    ready.push((performance.now() - startedAt) / 1000);
    const url = `${runner.url('API_PORT')}/api/countries/`;
    await fetch(url);
    rates = [];
    for (const concurrency of atOnce) rates.push(await rateOf(url, concurrency));
    memory.push(memoryOf(stack.pid));
    await stack.interrupt();
  }
  await runner.stop();
  return {
    title: 'The local stack',
    notes: [
      `\`npm start -- --fresh\`, ${starts} times: until its last line, the memory of all its processes after ${requests * atOnce.length} requests, and requests for the list of countries over HTTP in the last run.`,
    ],
    tables: [
      {
        caption: 'Medians',
        columns: ['', 'value'],
        rows: [
          ['ready, seconds', median(ready)],
          ['memory, MB', median(memory)],
          ...atOnce.map((concurrency, index) => [`requests per second, ${concurrency} in flight`, rates[index] ?? 0]),
        ],
      },
    ],
    charts: [],
  };
}

async function rateOf(url: string, concurrency: number): Promise<number> {
  const startedAt = performance.now();
  const all = Array.from({ length: requests }, (_, index) => index);
  await pMap(all, async () => (await fetch(url)).arrayBuffer(), { concurrency });
  return (requests / (performance.now() - startedAt)) * 1000;
}

/** Returns the resident memory of a process and all its descendants, in MB. */
function memoryOf(pid: number): number {
  const statuses = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), status: statusOf(name) }));
  const field = (status: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const family = new Set([pid]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const { pid: child, status } of statuses) if (family.has(field(status, 'PPid'))) family.add(child);
  }
  const kilobytes = statuses
    .filter((one) => family.has(one.pid))
    .reduce((sum, { status }) => sum + field(status, 'VmRSS'), 0);
  return kilobytes / 1024;
}

/** Returns the status of a process, or an empty string if it has ended. */
function statusOf(name: string): string {
  try {
    return readFileSync(`/proc/${name}/status`, 'utf8');
  } catch {
    return '';
  }
}
