import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { ZipFile } from 'yazl';
import { project, readFunctions, readService } from '../lib/openapi/routes.ts';

/**
 * Leaves out the code with which zod makes JSON schemas, 20 kB of a bundle. The OpenAPI document is
 * made from the source, not by a function. `npm run size` fails if zod's code has changed.
 */
const withoutJsonSchemas: Plugin = {
  name: 'without-json-schemas',
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod[\\/]v4[\\/]classic[\\/]schemas\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8'))
        .replace(/inst\._zod\.processJSONSchema = .*;/g, '')
        .replace(
          /^import \{ (\w+), (\w+) \} from "\.\.\/core\/to-json-schema\.js";$/m,
          'const $1 = () => {}, $2 = $1;',
        ),
    })),
};

/** Leaves out how phones are formatted, 50 kB of a bundle. Functions only parse and check them. */
const withoutPhoneFormats: Plugin = {
  name: 'without-phone-formats',
  setup: ({ onLoad }) =>
    onLoad({ filter: /libphonenumber-js[\\/]metadata\.mobile\.json\.js$/ }, async ({ path }) => ({
      contents: JSON.stringify(removePhoneFormats(JSON.parse(await readFile(path.replace(/\.js$/, ''), 'utf8')))),
      loader: 'json',
    })),
};

type CountryMetadata = [code: string, idd: unknown, pattern: unknown, lengths: unknown, formats: unknown];

export function removePhoneFormats<M extends { countries: object }>(metadata: M): M {
  const countries = Object.entries(metadata.countries as Record<string, CountryMetadata>).map(
    ([country, [code, idd, pattern, lengths, , ...others]]) => [country, [code, idd, pattern, lengths, 0, ...others]],
  );
  return { ...metadata, countries: Object.fromEntries(countries) };
}

/** The options that every bundle of a service has: deployed, in the local stack and in `bench/`. */
export function bundleOptions(folder?: string): BuildOptions {
  const { esbuild } = readService(folder).custom;
  return { bundle: true, platform: 'node', plugins: [withoutJsonSchemas, withoutPhoneFormats], ...esbuild };
}

export interface Bundle {
  functionName: string;
  /** Relative to the service, without its ending. */
  file: string;
  code: Uint8Array;
  /** The source files in it. */
  inputs: string[];
}

/** Bundles functions as they are deployed, each with everything that it needs. */
export async function bundleFunctions(folder = project, functionNames?: string[]): Promise<Bundle[]> {
  const functions = readFunctions(folder).filter(({ functionName }) => functionNames?.includes(functionName) ?? true);
  const { outputFiles, metafile } = await build({
    ...bundleOptions(folder),
    entryPoints: functions.map(({ file }) => ({ in: `${file}.ts`, out: file })),
    outdir: '.',
    absWorkingDir: folder,
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const codes = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  return functions.map(({ functionName, file }) => ({
    functionName,
    file,
    code: codes.get(join(folder, `${file}.js`)) ?? new Uint8Array(),
    inputs: Object.entries(metafile.outputs[`${file}.js`]?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    ),
  }));
}

interface Packaged {
  /** `patterns` names files that are read by path, not imported. */
  package?: { patterns?: string[]; artifact?: string };
}

/**
 * Writes a zip for each function and names it in the definition of the function. Equal code makes
 * an equal zip, so that a deployment without a change uploads nothing.
 */
export async function packageFunctions(
  folder: string,
  definitions: Record<string, Packaged>,
  functionNames = Object.keys(definitions),
): Promise<void> {
  const outdir = join(folder, '.serverless');
  await mkdir(outdir, { recursive: true });
  for (const { functionName, file, code } of await bundleFunctions(folder, functionNames)) {
    const definition = definitions[functionName] ?? {};
    const files = new Map<string, Uint8Array>([[`${file}.js`, code]]);
    for (const path of definition.package?.patterns ?? []) files.set(path, await readFile(join(folder, path)));
    // Relative, so that another machine can deploy the package.
    const artifact = join('.serverless', `${functionName}.zip`);
    await writeZip(join(folder, artifact), files);
    definition.package = { ...definition.package, artifact };
  }
}

/** The first moment that a zip can hold. */
const mtime = new Date(1980, 0, 1);

async function writeZip(path: string, files: Map<string, Uint8Array>): Promise<void> {
  const zip = new ZipFile();
  for (const [name, content] of files) {
    zip.addBuffer(Buffer.from(content), name, { mtime, mode: 0o100644, forceDosTimestamp: true });
  }
  zip.end();
  await finished(zip.outputStream.pipe(createWriteStream(path)));
}
