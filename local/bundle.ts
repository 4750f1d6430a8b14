import { rmSync } from 'node:fs';
import { type BuildOptions, build, stop } from 'esbuild';
import { readFunctions, readService } from '../lib/http/routes.ts';
import { SetupError } from './setupError.ts';

/** The options of a service's serverless.yml that a deployment bundles with, minifying apart. */
export function bundleOptions(folder?: string): BuildOptions {
  const { target, mainFields, alias } = readService(folder).custom.esbuild;
  return { bundle: true, platform: 'node', target, mainFields, alias, outbase: '.', outExtension: { '.js': '.cjs' } };
}

/** Some libraries are CommonJS still. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Bundles all functions of the service in this folder in one run. They run in one process here, so what they share is bundled and
 * loaded once: each with a copy of its own they would fill the memory before the last one was called. The bundles of a stack are
 * with its data: `serverless package` deletes those in `.esbuild`, and two stacks would delete each other's.
 */
export async function bundleFunctions(folder: string, outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  const entryPoints = readFunctions(folder).map(({ file }) => ({ in: `${file}.ts`, out: file }));
  await build({
    ...bundleOptions(folder),
    entryPoints,
    outdir,
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
