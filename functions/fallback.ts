import { config } from '../lib/config.ts';
import { fail } from '../lib/errors.ts';
import { envelope, standard } from '../lib/http/dialects.ts';
import { endpoint } from '../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    summary:
      'Answer what no other function does: unknown paths, wrong methods, and what browsers ask before they call.',
    dialect: (path) => (/\/api\/customer(\/|$)/.test(path) ? envelope : standard),
    returns: { 204: null },
    errors: ['notFound'],
  },
  ({ method, resource }) => {
    const allow = config.methodsByResource[resource];
    if (!allow) fail('notFound');
    if (method !== 'OPTIONS') fail('methodNotAllowed', { allow });
  },
);
