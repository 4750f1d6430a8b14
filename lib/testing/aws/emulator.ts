import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { project } from '../../openapi/routes.ts';
import { freePort } from '../stage/ports.ts';
import { installFromPypi } from './pythonTools.ts';

const version = '1.5.33';

export interface Emulator {
  url: string;
  /** Points the AWS SDK, and therefore Serverless and our scripts, at the emulator. */
  environment: Record<string, string>;
  stop: () => Promise<void>;
}

/**
 * Starts MiniStack, a third-party AWS emulator, in its own Python virtual environment.
 * @returns undefined if Python is missing, unless `CI` is set
 * @throws if MiniStack cannot be installed or does not start
 * @see https://pypi.org/project/ministack/
 */
export async function startEmulator(): Promise<Emulator | undefined> {
  const folder = await installFromPypi(`ministack==${version}`);
  if (!folder) return undefined;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // MiniStack runs functions with the `node` of the PATH, which must have Lambda's version.
  const PATH = [join(project, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  // With AUTH it checks each request against the policies of its caller. The credentials below are
  // those of root, who may do everything.
  const child = spawn(join(folder, 'ministack'), {
    env: { ...process.env, PATH, GATEWAY_PORT: String(port), AUTH: 'true' },
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
