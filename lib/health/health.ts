import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { readSecret } from '../aws/secrets.ts';
import { callSns } from '../aws/snsQuery.ts';
import { AppContent } from '../content/contentRepository.ts';
import { ApiError, fail } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import { appContentKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';

const HealthKey = z.object({ key: z.string().min(32) });

/** Checks of the services that a stage needs. Each check is cheap and changes nothing. */
const checks = {
  table: () => readAll([{ key: appContentKey, as: AppContent }]),
  sns: () => callSns('GetSMSAttributes', { 'attributes.member.1': 'MonthlySpendLimit' }),
};
export type Checks = Record<keyof typeof checks, 'ok' | 'failing'>;

/**
 * Checks the table and SNS, for a caller with the health key of the stage: `Bearer <key>`. Returns
 * undefined while SSM is unavailable and no key is cached.
 * @throws permissionDenied
 */
export async function checkHealth(authorization: string | undefined): Promise<Checks | undefined> {
  const key = await readKey();
  if (key === undefined) return undefined;
  if (!isSame(authorization ?? '', `Bearer ${key}`)) return fail('permissionDenied');
  const [table, sns] = await Promise.all([runCheck('table'), runCheck('sns')]);
  return { table, sns };
}

async function readKey(): Promise<string | undefined> {
  try {
    return (await readSecret('health-key', HealthKey)).key;
  } catch (error) {
    if (error instanceof ApiError && error.errorName === 'unavailable') return undefined;
    throw error;
  }
}

async function runCheck(name: keyof typeof checks): Promise<'ok' | 'failing'> {
  try {
    await checks[name]();
    return 'ok';
  } catch (error) {
    logger.error('health_check_failed', { check: name, error: loggable(error) });
    return 'failing';
  }
}

function isSame(actual: string, expected: string): boolean {
  const [one, other] = [Buffer.from(actual), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
