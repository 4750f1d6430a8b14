import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { multipart, Upload } from '../lib/http/multipart.ts';
import { uploadedImage } from '../lib/images/imageSchema.ts';
import { formWithHostileEpilogue, hostileForms, hostileImages } from '../lib/testing/fixtures/hostileUploads.ts';
import { png } from '../lib/testing/fixtures/images.ts';
import { print } from './report.ts';

/**
 * Measures one upload of 4 MB, from the bytes of the form to the cleaned image. It reports the
 * processor time, and the peak memory above the start. Each upload is the first one of a new
 * process.
 */
const [path, boundary = 'x'] = process.argv.slice(2);
if (path) await measure(path, boundary);
else await measureAll();

async function measureAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-images-'));
  const plain = { 'a PNG with 4 MB behind its end': () => Buffer.concat([png, Buffer.alloc(4_000_000, 1)]) };
  const images = Object.entries({ ...plain, ...hostileImages });
  const forms = [
    ...images.map(([name, make]) => [name, () => ({ body: wrapInForm(make()) })] as const),
    ...Object.entries(hostileForms),
    ['a form of delimiters behind its end', () => ({ body: formWithHostileEpilogue(), boundary: 'x:' })] as const,
  ];
  for (const [name, make] of forms) {
    const { body, boundary = 'x' }: { body: Buffer; boundary?: string } = make();
    const file = join(folder, 'body');
    writeFileSync(file, body);
    const { cpuMs, memoryMb, result } = JSON.parse(await run(file, boundary));
    print(`${name.padEnd(40)} ${cpuMs.toFixed(0).padStart(6)} ms  ${memoryMb.toFixed(0).padStart(5)} MB  ${result}`);
  }
  rmSync(folder, { recursive: true });
}

function wrapInForm(file: Buffer): Buffer {
  const header = 'Content-Disposition: form-data; name="image"; filename="a"';
  return Buffer.concat([Buffer.from(`--x\r\n${header}\r\n\r\n`), file, Buffer.from('\r\n--x--\r\n')]);
}

async function run(file: string, boundary: string): Promise<string> {
  const child = spawn(process.execPath, [import.meta.filename, file, boundary], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  return output;
}

async function measure(file: string, boundary: string): Promise<void> {
  const body = readFileSync(file);
  const memoryBefore = process.memoryUsage.rss();
  const cpuBefore = process.cpuUsage();
  const result = await upload(body, boundary);
  // The form parser may have pending work after its result.
  await new Promise((resolve) => setImmediate(resolve));
  const { user, system } = process.cpuUsage(cpuBefore);
  const memoryMb = (process.resourceUsage().maxRSS * 1024 - memoryBefore) / 1_000_000;
  print(JSON.stringify({ cpuMs: (user + system) / 1000, memoryMb, result }));
}

async function upload(body: Buffer, boundary: string): Promise<string> {
  try {
    const fields = await multipart.read(body, `multipart/form-data; boundary=${boundary}`);
    const images = Object.values(fields as object).filter((value) => value instanceof Upload);
    const results = images.map((image) => (uploadedImage.safeParse(image).success ? 'kept' : 'rejected'));
    return results.join(', ') || 'no file';
  } catch (error) {
    return (error as Error).message;
  }
}
