import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { PublicSettings, publicSettings } from '../../lib/settings/publicSettings.ts';

export const handler = endpoint(
  {
    operationId: 'configuration',
    tag: 'password',
    summary: 'Get the public settings of the shop.',
    description:
      'Read it before the login form: `enablePhoneLogin` says whether customers log in with a phone. Operators may add settings.',
    errorFormat: envelope,
    returns: { 200: PublicSettings },
  },
  () => publicSettings(),
);
