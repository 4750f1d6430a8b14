import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, stop } from 'esbuild';
import { bundleOptions } from '../deploy/bundle.ts';
import { readFunctions } from '../lib/openapi/routes.ts';
import { SetupError } from './setupError.ts';

/** Some libraries are CommonJS still. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Bundles all functions of a service in one run. They run in one process here, so what they share
 * is bundled and loaded once: a copy for each would fill the memory before the last one was called.
 */
export async function bundleTogether(folder: string, outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  const entryPoints = readFunctions(folder).map(({ file }) => ({ in: `${file}.ts`, out: file }));
  await build({
    ...bundleOptions(folder),
    entryPoints,
    outdir,
    outbase: '.',
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    banner: { js: banner },
    absWorkingDir: folder,
    logLevel: 'error',
  }).catch(() => {
    throw new SetupError('The functions cannot be bundled; correct what is named above and start again.');
  });
  await stop();
}

/**
 * Bundles one function for `serverless invoke local`, which loads CommonJS.
 * @returns its file, without the ending
 */
export async function bundleFunction(folder: string, file: string, outdir: string): Promise<string> {
  const bundled = join(outdir, file);
  await build({ ...bundleOptions(folder), entryPoints: [join(folder, `${file}.ts`)], outfile: `${bundled}.cjs` });
  return bundled;
}
