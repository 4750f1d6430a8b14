import { build } from 'esbuild';
import { readFunctions } from '../lib/http/routes.ts';
import { bundleOptions } from '../local/bundle.ts';

const budgetBytes = 700_000;

/** The bundles that a deployment ships, and the budget they must keep. */
const results = await Promise.all(
  readFunctions().map(async ({ functionName, file }) => {
    const { metafile } = await build({
      ...bundleOptions(),
      entryPoints: [`${file}.ts`],
      minify: true,
      metafile: true,
      write: false,
      outdir: 'out',
    });
    const [output] = Object.values(metafile.outputs);
    return { functionName, bytes: output?.bytes ?? 0, inputs: Object.keys(output?.inputs ?? {}) };
  }),
);

for (const { functionName, bytes, inputs } of results) {
  const sends = inputs.some((input) => input.includes('@aws-sdk/client-sns'));
  const over = bytes > budgetBytes;
  process.stdout.write(
    `${functionName.padEnd(20)} ${String(Math.round(bytes / 1000)).padStart(4)} kB${sends ? '  SNS' : ''}${over ? '  OVER BUDGET' : ''}\n`,
  );
  if (over) process.exitCode = 1;
}
