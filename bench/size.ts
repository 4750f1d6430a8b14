import { bundleFunctions } from '../deploy/bundle.ts';

const budgetBytes = 700_000;

/** Prints the size of each deployed bundle, and fails if one exceeds the budget. */
for (const { functionName, code, inputs } of await bundleFunctions()) {
  const sends = inputs.some((input) => input.includes('@aws-sdk/client-sns'));
  const over = code.length > budgetBytes;
  process.stdout.write(
    `${functionName.padEnd(30)} ${String(Math.round(code.length / 1000)).padStart(4)} kB${sends ? '  SNS' : ''}${over ? '  OVER BUDGET' : ''}\n`,
  );
  if (over) process.exitCode = 1;
}
