import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
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
  const stop = () => {
    process.off('exit', kill);
    kill();
  };
  return { endpoint: `http://127.0.0.1:${port}`, stop };
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
