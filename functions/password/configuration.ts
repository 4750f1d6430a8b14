import { envelope } from '../../lib/http/dialects.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { PublicSettings, publicSettings } from '../../lib/repositories/publicSettings.ts';

export const handler = endpoint(
  {
    operationId: 'configuration',
    tag: 'password',
    summary: 'The public settings of the shop.',
    dialect: envelope,
    returns: { 200: PublicSettings },
  },
  () => publicSettings(),
);
