import { daySeconds, hourSeconds } from '../clock.ts';
import { config } from '../config.ts';
import { SlidingWindow } from './slidingWindow.ts';

/**
 * The caller's share of a phone's limits. `owner`, a caller with a device token, may use all of
 * them. `stranger` and `other` together may use three fifths, and `other`, the OTPs that do not sign
 * in, three tenths. So no stranger can keep the owner from signing in.
 */
export type Share = 'owner' | 'stranger' | 'other';

const guestPart = 0.6;
const otherPart = 0.3;
/** The part of what callers without a device token may use that one client network may. */
const networkPart = 0.8;

const partOf = (limit: number, part: number) => Math.max(1, Math.round(limit * part));
const perDay = (events: number) => ({ events, perSeconds: daySeconds });

/**
 * The sends of a phone: the ceiling of the day, the part of guests, and the cool-downs of the
 * share.
 */
export function sendWindows(share: Share): SlidingWindow[] {
  const [ofHour, ofDay] = [config.otpSendsPerPhonePerHour, config.otpSendsPerPhonePerDay];
  const perHour = { events: ofHour, perSeconds: hourSeconds };
  const ofOther = partOf(ofDay, otherPart);
  const limits = share === 'other' ? [{ ...perHour, events: Math.min(ofHour, ofOther) }, perDay(ofOther)] : [perHour];
  return [
    new SlidingWindow('sent', [perDay(ofDay)]),
    ...(share === 'owner' ? [] : [new SlidingWindow('guestSent', [perDay(partOf(ofDay, guestPart))])]),
    new SlidingWindow(`${share}Sent`, limits, config.otpCoolDownsSeconds),
  ];
}

/**
 * The wrong attempts of a phone: the ceiling of the day, and the parts of guests and of other
 * types.
 */
export function attemptWindows(share: Share): SlidingWindow[] {
  const limit = config.otpWrongTriesPerPhonePerDay;
  return [
    new SlidingWindow('wrong', [perDay(limit)]),
    ...(share === 'owner' ? [] : [new SlidingWindow('guestWrong', [perDay(partOf(limit, guestPart))])]),
    ...(share === 'other' ? [new SlidingWindow('otherWrong', [perDay(partOf(limit, otherPart))])] : []),
  ];
}

/** The sends of one client network to one phone: of all types, and of those that do not sign in. */
export function networkSendWindows(share: Share): SlidingWindow[] {
  const limit = config.otpSendsPerPhonePerDay;
  const ofOther = new SlidingWindow('otherSent', [perDay(partOf(limit, otherPart * networkPart))]);
  return [
    new SlidingWindow('sent', [perDay(partOf(limit, guestPart * networkPart))]),
    ...(share === 'other' ? [ofOther] : []),
  ];
}

/** The attempts of one client network at one phone's codes, of all types. */
export function networkAttemptWindow(): SlidingWindow {
  return new SlidingWindow('wrong', [perDay(partOf(config.otpWrongTriesPerPhonePerDay, guestPart * networkPart))]);
}
