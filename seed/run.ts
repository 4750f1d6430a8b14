import { parseArgs } from 'node:util';
import { readService } from '../lib/http/routes.ts';
import { awsEnvironment, readSettings } from '../local/stack.ts';
import { loadSeed } from './load.ts';

const { values } = parseArgs({ options: { stage: { type: 'string', default: 'local' }, region: { type: 'string' } } });
const { stage, region } = values;

Object.assign(process.env, {
  STAGE: stage,
  TABLE_NAME: `${readService().service}-${stage}`,
  AWS_REGION: region ?? process.env.AWS_REGION ?? 'eu-central-1',
  ...(stage === 'local' && awsEnvironment(readSettings(process.env))),
});

const loaded = Object.entries(await loadSeed()).map(([name, count]) => `${count} ${name}`);
process.stdout.write(`Loaded into the stage ${stage}: ${loaded.join(', ')}.\n`);
