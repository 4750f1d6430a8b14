import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type BuildContext, type BuildOptions, build, context, type Metafile, stop } from 'esbuild';
import { bundleOptions } from '../deploy/bundle.ts';
import { readFunctions } from '../lib/openapi/routes.ts';
import { SetupError } from './setupError.ts';

/** Some libraries are still CommonJS. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

function optionsFor(folder: string, outdir: string): BuildOptions & { metafile: true } {
  return {
    ...bundleOptions(folder),
    entryPoints: readFunctions(folder).map(({ file }) => ({ in: `${file}.ts`, out: file })),
    outdir,
    outbase: '.',
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    // Without the banner of deployed bundles, because schemas serve many requests here.
    banner: { js: banner },
    absWorkingDir: folder,
    logLevel: 'error',
    metafile: true,
  };
}

/**
 * Bundles all functions of a service in one run. They run in one process here, so what they share
 * is bundled and loaded once: a copy for each would fill the memory before the last one was called.
 * @returns the folders of the source files
 */
export async function bundleTogether(folder: string, outdir: string): Promise<string[]> {
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build(optionsFor(folder, outdir)).catch(() => {
    throw new SetupError('The functions cannot be bundled; correct what is named above and start again.');
  });
  // The next bundling starts it again. Until then, its memory is free.
  await stop();
  return sourceFolders(folder, metafile);
}

/** Bundles repeatedly into new folders, and reads unchanged files only once. */
export class Rebundler {
  readonly #folder: string;
  readonly #outdir: string;
  #context: BuildContext<{ metafile: true; write: false }> | undefined;
  #generation = 0;

  constructor(folder: string, outdir: string) {
    this.#folder = folder;
    this.#outdir = outdir;
  }

  /** @throws when a source file cannot be bundled; esbuild has printed why */
  async bundle(): Promise<{ outdir: string; folders: string[] }> {
    this.#context ??= await context({ ...optionsFor(this.#folder, this.#outdir), write: false });
    const { outputFiles, metafile } = await this.#context.rebuild();
    this.#generation += 1;
    const outdir = join(this.#outdir, `generation-${this.#generation}`);
    for (const { path, contents } of outputFiles) {
      const file = join(outdir, relative(this.#outdir, path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents);
    }
    // A request under way may still load a part of the bundles before these.
    rmSync(join(this.#outdir, `generation-${this.#generation - 2}`), { recursive: true, force: true });
    return { outdir, folders: sourceFolders(this.#folder, metafile) };
  }

  async stop(): Promise<void> {
    await this.#context?.dispose();
  }
}

function sourceFolders(folder: string, { inputs }: Metafile): string[] {
  const files = Object.keys(inputs).filter((file) => !file.includes('node_modules/'));
  return [...new Set(files.map((file) => dirname(join(folder, file))))];
}

/**
 * Bundles one function for `serverless invoke local`, which loads CommonJS.
 * @returns the path of the bundle without its extension
 */
export async function bundleFunction(folder: string, file: string, outdir: string): Promise<string> {
  const bundled = join(outdir, file);
  await build({ ...bundleOptions(folder), entryPoints: [join(folder, `${file}.ts`)], outfile: `${bundled}.cjs` });
  return bundled;
}
