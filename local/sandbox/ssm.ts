import { Hono } from 'hono';
import type { Secrets } from '../secrets.ts';

/**
 * SSM as far as this project uses it: reading one parameter.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 */
export function ssmSandbox(secrets: Secrets): Hono {
  return new Hono().post('/', async (context) => {
    const { Name = '' } = await context.req.json<{ Name?: string }>();
    const value = Object.entries(secrets).find(([name]) => Name.endsWith(`/${name}`))?.[1];
    if (context.req.header('x-amz-target') !== 'AmazonSSM.GetParameter' || !value) {
      return context.json({ __type: 'ParameterNotFound' }, 400);
    }
    return context.json({ Parameter: { Name, Type: 'SecureString', Value: value, Version: 1 } });
  });
}
