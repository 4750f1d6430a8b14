import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { Contract } from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

/** Makes the endpoint for requests that no route matches. The service's gateway.cjs routes them. */
export function makeFallback(errorFormat: NonNullable<Contract['errorFormat']>): Endpoint {
  return endpoint(
    {
      summary: 'Respond to unknown paths, wrong methods and preflight requests.',
      errorFormat,
      returns: { 204: null },
      errors: ['notFound'],
    },
    ({ method, resource }) => {
      const allow = config.methodsByResource[resource];
      if (!allow) fail('notFound');
      if (method !== 'OPTIONS') fail('methodNotAllowed', { allow });
    },
  );
}
