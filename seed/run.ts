import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { InputError } from '../local/inputError.ts';
import { runCommand, useStage } from '../local/stage.ts';
import { parts } from './load.ts';
import type { Plan } from './plan.ts';
import { planRegions } from './regions/plan.ts';

const usage =
  'npm run seed -- [countries | regions [file.geojson] | app | faqs | settings | passwords] [--stage <stage>] [--region <AWS region>] [--dry-run]';

/** Reads and checks all requested parts before the first write. */
async function run(): Promise<void> {
  const { values, positionals } = parseCommand();
  const dryRun = values['dry-run'] ?? false;
  const stage = await useStage(values);
  const plans = await Promise.all(choosePlans(positionals).map((plan) => plan())).catch((error) => {
    if (stage !== 'local' || !isWithoutEngine(error)) throw error;
    const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = process.env;
    throw new InputError(
      `No DynamoDB engine answers at ${endpoint}; start one with npm start, or set DYNAMODB_PORT to its port.`,
    );
  });
  if (!dryRun) await apply(plans);
  for (const line of plans.map(summary)) print(line);
  const outcome = plans.every(({ writes }) => writes === 0) ? 'Nothing to change in' : 'Loaded into';
  print(dryRun ? `Nothing was written to the stage ${stage}: this was a dry run.` : `${outcome} the stage ${stage}.`);
}

function parseCommand() {
  const options = { stage: { type: 'string' }, region: { type: 'string' }, 'dry-run': { type: 'boolean' } } as const;
  try {
    const command = parseArgs({ options, allowPositionals: true });
    if (command.values.stage === '') throw new Error('--stage needs the name of a stage.');
    return command;
  } catch (error) {
    throw new InputError((error as Error).message, usage);
  }
}

function choosePlans([name, file, ...rest]: string[]): (() => Promise<Plan>)[] {
  if (name === undefined) return Object.values(parts);
  if (name === 'regions' && rest.length === 0) return [() => planRegions(file)];
  const part = Object.entries(parts).find(([partName]) => partName === name)?.[1];
  if (part && file === undefined) return [part];
  throw new InputError(usage);
}

/** Returns whether nothing listens on the port, or a server whose responses are not JSON. */
function isWithoutEngine(error: unknown): boolean | undefined {
  const { name, code } = error as { name?: string; code?: unknown };
  return error instanceof SyntaxError || name?.startsWith('Status') || code === 'ECONNREFUSED';
}

async function apply(plans: readonly Plan[]): Promise<void> {
  const total = plans.reduce((sum, { writes }) => sum + writes, 0);
  const bar = new SingleBar({ format: '{bar} {value} of {total} items', hideCursor: true, clearOnComplete: true });
  if (total > 0) bar.start(total, 0);
  try {
    for (const plan of plans) await plan.apply((items) => bar.increment(items));
  } finally {
    bar.stop();
  }
}

function summary({ name, note, ...counts }: Plan): string {
  const countTexts = (['added', 'changed', 'removed', 'unchanged'] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind}`);
  return `${name.padEnd(16)}${[...countTexts, ...(note ? [note] : [])].join(', ')}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(run);
