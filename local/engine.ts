import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './setupError.ts';

export interface Engine {
  endpoint: string;
  stop: () => void;
}

/** Long enough for a busy machine, or for a download of the engine. */
const patienceMs = 300_000;

/**
 * Starts a DynamoDB engine that stores its data in `file`, or in memory without one.
 * @throws {SetupError} if the engine does not start, for example because the port is in use
 */
export async function startEngine(port: number, file?: string): Promise<Engine> {
  const pidFile = file && pidFileOf(file);
  const child = spawnEngine(['--port', String(port), ...(file ? ['--db-path', file] : [])]);
  const kill = () => void child.kill();
  process.once('exit', kill);
  if (pidFile) writeFileSync(pidFile, String(child.pid));
  const stop = () => {
    process.off('exit', kill);
    if (pidFile) rmSync(pidFile, { force: true });
    kill();
  };
  try {
    await waitUntilListening(child);
  } catch (cause) {
    stop();
    const { message } = cause as Error;
    throw new SetupError(
      `The DynamoDB engine does not start on port ${port} (${message}); set DYNAMODB_ENDPOINT to another engine, or start again with --fresh.`,
      { cause },
    );
  }
  if (file) indexStreams(file);
  return { endpoint: `http://127.0.0.1:${port}`, stop };
}

/**
 * Waits for the engine's own output, because another process may accept connections on the port.
 */
function waitUntilListening(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last = '';
  const timer = setTimeout(() => reject(new Error(`it was silent for ${patienceMs / 1_000} s`)), patienceMs);
  child.stderr?.on('data', (chunk) => {
    last = String(chunk).trim().split('\n').at(-1) || last;
    if (String(chunk).includes('listening on')) resolve();
  });
  child.once('error', reject).once('close', (code) => reject(new Error(last || `it ended with code ${code}`)));
  return promise.finally(() => clearTimeout(timer));
}

/**
 * Adds an index to the engine's database. The engine scans all stream records to number a new one:
 * with 10,000 records, writes take ten times as long. The index makes that one lookup.
 */
function indexStreams(file: string): void {
  const database = new DatabaseSync(file, { timeout: patienceMs });
  const hasStreams = database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_stream_records'").get();
  if (hasStreams) {
    const numbers = '_stream_records (table_name, CAST(sequence_number AS INTEGER))';
    database.exec(`CREATE INDEX IF NOT EXISTS stream_records_by_number ON ${numbers}`);
  }
  database.close();
}

const pidFileOf = (file: string) => `${file}.pid`;

/** Ends the engine of a stack that was killed, because it still has the file and the port. */
export async function endOrphanedEngine(file: string): Promise<void> {
  const pid = Number(readIfAny(pidFileOf(file)));
  // The system may have given the id to another process.
  if (!(pid > 0) || !readCommand(pid).includes('dynoxide')) return;
  process.kill(pid, 'SIGKILL');
  // It has the port for a moment longer. Where no process reaps it, its id stays.
  for (let wait = 0; wait < 100 && isRunning(pid); wait++) await sleep(20);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function readCommand(pid: number): string {
  if (process.platform === 'linux') return readIfAny(`/proc/${pid}/cmdline`);
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function spawnEngine(options: string[]): ChildProcess {
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  const { command, args, notice } = engineCommand();
  if (notice) process.stderr.write(`${notice}\n`);
  return spawn(command, [...args, ...options], { stdio });
}

interface Command {
  command: string;
  args: string[];
  /** Tells the developer about an unexpected engine. */
  notice?: string;
}

/**
 * Returns the engine that npm installed for a platform. Otherwise npx downloads the same version.
 */
export function engineCommand(platform: string = process.platform, architecture: string = process.arch): Command {
  const name = `${platform}-${architecture}`;
  try {
    return { command: createRequire(import.meta.url).resolve(`@dynoxide/${name}/dynoxide`), args: [] };
  } catch {
    const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
    const engine = `dynoxide@${packages['node_modules/@dynoxide/linux-x64'].version}`;
    const notice = `npm installs no DynamoDB engine for ${name}, so npx downloads ${engine}.`;
    return { command: 'npx', args: ['--yes', engine], notice };
  }
}
