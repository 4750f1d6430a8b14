import * as z from 'zod';
import { signedIn } from '../../lib/auth/signedIn.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { exportPersonalData } from '../../lib/personalData.ts';

export const handler = endpoint(
  {
    operationId: 'exportCustomer',
    tag: 'customers',
    summary: 'Everything we hold about the signed-in customer.',
    auth: signedIn,
    returns: { 200: z.record(z.string(), z.unknown()) },
  },
  ({ session }) => exportPersonalData(session),
);
