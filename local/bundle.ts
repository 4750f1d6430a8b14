import { build, stop } from 'esbuild';
import { readFunctions, readService } from '../lib/http/routes.ts';

/** Where serverless-offline finds the bundles. */
export const bundleFolder = '.esbuild/.build';

/**
 * Bundles all functions in one run, with the options that a deployment bundles each by itself with: what they share is
 * read once, which makes it three times as fast.
 */
export async function bundleFunctions(): Promise<void> {
  const { target, mainFields, alias } = readService().custom.esbuild;
  await build({
    entryPoints: readFunctions().map(({ file }) => `${file}.ts`),
    bundle: true,
    platform: 'node',
    target,
    mainFields,
    alias,
    outdir: bundleFolder,
    outbase: '.',
    outExtension: { '.js': '.cjs' },
    logLevel: 'error',
  });
  await stop();
}
