import { daySeconds, utcDate } from '../clock.ts';
import { config } from '../config/config.ts';
import { countCall, countInDay, countInWindows, type RateLimitResult } from '../rateLimits/rateLimits.ts';
import { SlidingWindow } from '../rateLimits/slidingWindow.ts';
import { countrySendsKey, noticesKey, prefixSendsKey, stageSendsKey } from '../table/keys.ts';

/**
 * Share of a cap for each kind of caller. Only devices with a device token and security notices use
 * the last tenth, because anyone can name a phone that has an account.
 */
const capParts = { device: 1, account: 0.9, stranger: 0.8 };
export type CapCaller = keyof typeof capParts;

export const partOfCap = (limit: number, caller: CapCaller) => Math.ceil(limit * capParts[caller]);

export function countInCaps(
  phone: string,
  country: string,
  caller: CapCaller,
  now: number,
): Promise<RateLimitResult>[] {
  const cap = (limit: number) => partOfCap(limit, caller);
  return [
    countInDay(countrySendsKey(country, utcDate(now)), cap(config.otpSendsPerCountryPerDay), now),
    countInDay(prefixSendsKey(phone, utcDate(now)), cap(config.otpSendsPerPrefixPerDay), now),
    countInDay(stageSendsKey(utcDate(now)), cap(config.otpSendsPerStagePerDay), now),
  ];
}

/** The security notices that a phone or an e-mail address gets in a day. */
export const noticesPerDay = 5;

export function countNoticeToAddress(address: string, perDay: number, now: number): Promise<RateLimitResult> {
  const window = new SlidingWindow('counted', [{ events: perDay, perSeconds: daySeconds }]);
  return countInWindows(noticesKey(address), [window], daySeconds, now);
}

export function countSendOfNetwork(network: string): Promise<RateLimitResult> {
  return countCall(network, 'SENDS', config.otpSendsPerNetworkPerHour);
}

/** Counts a send of a network and, if a customer requested it, of that customer on all networks. */
export function countSendOfClient({ network, requester }: { network: string; requester?: string }) {
  return [network, ...(requester ? [requester] : [])].map(countSendOfNetwork);
}
