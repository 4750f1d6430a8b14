import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';

export interface Engine {
  endpoint: string;
  stop: () => void;
}

const patienceMs = 30_000;

/** Starts a DynamoDB engine; its data is in `file`, or in memory without one. */
export async function startEngine(port: number, file?: string): Promise<Engine> {
  const options = ['--port', String(port), ...(file ? ['--db-path', file] : [])];
  const child = spawnEngine(options);
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  child.once('exit', (code) => {
    failure ??= new Error(`The DynamoDB engine stopped with code ${code}.`);
  });
  const kill = () => void child.kill();
  process.once('exit', kill);

  const deadline = performance.now() + patienceMs;
  while (!(await answers(port))) {
    if (failure) throw failure;
    if (performance.now() > deadline) throw new Error(`The DynamoDB engine does not answer on port ${port}.`);
    await setTimeout(10);
  }
  if (file) indexStreams(file);
  const stop = () => {
    process.off('exit', kill);
    kill();
  };
  return { endpoint: `http://127.0.0.1:${port}`, stop };
}

/**
 * The engine numbers each record of a stream by a look at all records there are; with ten thousand, a write takes ten times as long
 * as without. With an index that is one lookup.
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

function spawnEngine(options: string[]): ChildProcess {
  try {
    const binary = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
    return spawn(binary, options, { stdio: 'ignore' });
  } catch {
    return spawn('npx', ['--yes', 'dynoxide', ...options], { stdio: 'ignore' });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
