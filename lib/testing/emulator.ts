import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { project } from '../http/routes.ts';
import { freePort } from './ports.ts';

const version = '1.5.33';
const run = promisify(execFile);

export interface Emulator {
  url: string;
  /** Points the AWS SDK, and with it Serverless and our scripts, at the emulator. */
  environment: Record<string, string>;
  stop: () => Promise<void>;
}

/**
 * Starts MiniStack, an emulator of AWS by others, in a virtual environment of its own.
 * @returns undefined where there is no Python, unless `CI` is set
 * @throws when it cannot be installed or does not start
 * @see https://pypi.org/project/ministack/
 */
export async function startEmulator(): Promise<Emulator | undefined> {
  const hasPython = await run('python3', ['-c', 'import ensurepip']).then(
    () => true,
    () => false,
  );
  if (!hasPython && !process.env.CI) {
    process.stderr.write('There is no Python with venv, so nothing is deployed. Install python3-venv.\n');
    return undefined;
  }
  const folder = join(project, 'node_modules/.cache', `ministack-${version}`);
  const command = join(folder, 'bin/ministack');
  if (!existsSync(command)) {
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin/pip'), ['install', '--quiet', `ministack==${version}`]);
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // Functions run in the `node` of the path, which must be that of Lambda.
  const PATH = [join(project, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const child = spawn(command, {
    env: { ...process.env, PATH, GATEWAY_PORT: String(port) },
    stdio: 'ignore',
    detached: true,
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await exited;
  };
  for (let left = 300; ; left--) {
    const isReady = await fetch(`${url}/_ministack/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) break;
    if (left === 0 || child.exitCode !== null) {
      await stop();
      throw new Error('MiniStack did not start.');
    }
    await setTimeout(200);
  }
  const environment = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  };
  return { url, environment, stop };
}
