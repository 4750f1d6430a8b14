import * as z from 'zod';
import { config } from '../../lib/config/config.ts';
import { checkHealth } from '../../lib/health/health.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

const outcome = z.enum(['ok', 'failing']).describe('`ok` or `failing`.');
const Health = z.object({
  status: outcome,
  version: z.string().describe('The version of the service.'),
  commit: z.string().describe('The commit that was deployed.'),
  stage: z.string().describe('The name of the stage.'),
  checks: z
    .object({ table: outcome, sns: outcome })
    .meta({ id: 'HealthChecks', description: 'The services that the stage needs.' })
    .optional()
    .describe('With `deep=1`.'),
});

export const handler = endpoint(
  {
    operationId: 'getHealth',
    tag: 'health',
    summary: 'Check the health of the stage and get its version.',
    description:
      '`deep=1` also checks the table and SNS. It requires the health key of the stage: `Authorization: Bearer <key>`.',
    optionalKey: 'healthKey',
    query: z.object({
      deep: z.enum(['0', '1']).default('0').describe('`1` also checks the services that the stage needs.'),
    }),
    returns: { 200: Health, 503: Health },
    errors: ['permissionDenied'],
  },
  async ({ query: { deep }, authorization }) => {
    const { version, commit, stage } = config;
    const about = { version, commit, stage };
    if (deep === '0') return reply(200, { status: 'ok' as const, ...about });
    const checks = await checkHealth(authorization);
    const isFailing = !checks || Object.values(checks).includes('failing');
    if (isFailing) return reply(503, { status: 'failing' as const, ...about, checks }, { 'retry-after': '5' });
    return reply(200, { status: 'ok' as const, ...about, checks });
  },
);
