import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { DatabaseSync } from 'node:sqlite';

export interface Engine {
  endpoint: string;
  stop: () => void;
}

const patienceMs = 60_000;

/**
 * Starts a DynamoDB engine. Its data is in `file`, or in memory without one.
 * @throws when the port is taken, or the engine does not listen within a minute.
 */
export async function startEngine(port: number, file?: string): Promise<Engine> {
  const child = spawnEngine(['--port', String(port), ...(file ? ['--db-path', file] : [])]);
  const kill = () => void child.kill();
  process.once('exit', kill);
  const stop = () => {
    process.off('exit', kill);
    kill();
  };
  try {
    await untilListening(child);
  } catch (cause) {
    stop();
    throw new Error(`The DynamoDB engine does not listen on port ${port}.`, { cause });
  }
  if (file) indexStreams(file);
  return { endpoint: `http://127.0.0.1:${port}`, stop };
}

/** Waits for the engine's own line: a connection that opens may be to another process. */
function untilListening(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`It was silent for ${patienceMs} ms.`)), patienceMs);
  child.stderr?.on('data', (chunk) => String(chunk).includes('listening on') && resolve());
  child.once('error', reject).once('exit', (code) => reject(new Error(`It stopped with code ${code}.`)));
  return promise.finally(() => clearTimeout(timer));
}

/**
 * The engine numbers each record of a stream by a look at all records there are; with ten thousand,
 * a write takes ten times as long as without. With an index that is one lookup.
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
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  try {
    const binary = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
    return spawn(binary, options, { stdio });
  } catch {
    return spawn('npx', ['--yes', 'dynoxide', ...options], { stdio });
  }
}
