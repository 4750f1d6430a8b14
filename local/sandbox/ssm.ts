import { Hono } from 'hono';

interface Request {
  Name?: string;
  Value?: string;
  Overwrite?: boolean;
}

const lastPart = (name: string) => name.slice(name.lastIndexOf('/') + 1);

/**
 * SSM as far as this project uses it: reading and writing one parameter. Stages are not told apart.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
 */
export function ssmSandbox(secrets: Partial<Record<string, string>>): Hono {
  return new Hono().post('/', async (context) => {
    const { Name = '', Value, Overwrite } = await context.req.json<Request>();
    const name = lastPart(Name);
    const value = secrets[name];
    switch (context.req.header('x-amz-target')) {
      case 'AmazonSSM.GetParameter':
        if (value === undefined) return context.json({ __type: 'ParameterNotFound' }, 400);
        return context.json({ Parameter: { Name, Type: 'SecureString', Value: value, Version: 1 } });
      case 'AmazonSSM.PutParameter':
        if (value !== undefined && !Overwrite) return context.json({ __type: 'ParameterAlreadyExists' }, 400);
        secrets[name] = Value;
        return context.json({ Version: 1, Tier: 'Standard' });
      default:
        return context.json({ __type: 'InvalidAction' }, 400);
    }
  });
}
