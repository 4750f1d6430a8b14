import { Hono } from 'hono';
import type { Faults } from './sns.ts';

/**
 * The parameters of all supported actions. Account settings share the store of the secrets, with
 * their full names.
 */
interface Request {
  SettingId?: string;
  SettingValue?: string;
  Name?: string;
  Value?: string;
  Overwrite?: boolean;
  Names?: string[];
}

const lastPart = (name: string) => name.slice(name.lastIndexOf('/') + 1);

/**
 * Emulates the part of SSM that this project uses: parameters and account settings. Stages share
 * one set of parameters.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
 */
export function ssmSandbox(secrets: Partial<Record<string, string>>, faults: () => Faults): Hono {
  return new Hono().post('/', async (context) => {
    if (Math.random() < Number(faults().ssm_throttling)) return context.json({ __type: 'ThrottlingException' }, 400);
    const { Name = '', Value, Overwrite, Names = [], SettingId = '', SettingValue } = await context.req.json<Request>();
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
      case 'AmazonSSM.GetServiceSetting':
        return context.json({ ServiceSetting: { SettingId, SettingValue: secrets[SettingId] ?? 'false' } });
      case 'AmazonSSM.UpdateServiceSetting':
        secrets[SettingId] = SettingValue;
        return context.json({});
      case 'AmazonSSM.DeleteParameters':
        for (const each of Names) delete secrets[lastPart(each)];
        return context.json({ DeletedParameters: Names, InvalidParameters: [] });
      default:
        return context.json({ __type: 'InvalidAction' }, 400);
    }
  });
}
