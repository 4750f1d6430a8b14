import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { project } from '../../openapi/routes.ts';

const run = promisify(execFile);

/**
 * Installs packages of PyPI in a virtual environment, which later runs reuse.
 * @returns the folder of the commands, or undefined if Python is missing and `CI` is not set
 * @throws if the packages cannot be installed
 */
export async function installFromPypi(...packages: string[]): Promise<string | undefined> {
  const hasPython = await run('python3', ['-c', 'import ensurepip']).then(
    () => true,
    () => false,
  );
  if (!hasPython && !process.env.CI) {
    process.stderr.write(`There is no Python with venv for ${packages.join(' and ')}. Install python3-venv.\n`);
    return undefined;
  }
  const folder = join(project, 'node_modules/.cache', packages.join('+').replaceAll('==', '-'));
  const done = join(folder, 'installed');
  if (!existsSync(done)) {
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin/pip'), ['install', '--quiet', ...packages]);
    await writeFile(done, '');
  }
  return join(folder, 'bin');
}
