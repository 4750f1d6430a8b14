import { build } from 'esbuild';
import { readFunctions, readService } from '../lib/http/routes.ts';

const budgetBytes = 700_000;

/** The bundles that a deployment ships, made with the options of serverless.yml and the budget they must keep. */
const { mainFields, target, alias } = readService().custom.esbuild;
const results = await Promise.all(
  readFunctions().map(async ({ functionName, file }) => {
    const { metafile } = await build({
      entryPoints: [`${file}.ts`],
      bundle: true,
      minify: true,
      platform: 'node',
      target,
      mainFields,
      alias,
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
