import { utcDate } from '../clock.ts';
import { config } from '../config/config.ts';
import { countInDay, type RateLimitResult } from '../rateLimits/rateLimits.ts';
import { emailSendsKey } from '../table/keys.ts';
import { type CapCaller, partOfCap } from './smsCaps.ts';

export function countInEmailCap(caller: CapCaller, now: number): Promise<RateLimitResult> {
  return countInDay(emailSendsKey(utcDate(now)), partOfCap(config.emailsPerStagePerDay, caller), now);
}
