import { daySeconds, hourSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { SlidingWindow } from '../rateLimits/slidingWindow.ts';

/**
 * The caller's share of an address's limits. `owner`, a caller with a device token, may use all of
 * them. `signedIn`, a session of the account that has the address, may use a third of the attempts.
 * `stranger` and `other` are guests, and together may use three fifths. `other`, the OTPs that do
 * not sign in, may use three tenths of the sends and two fifths of the attempts. So no stranger can
 * keep the owner from signing in.
 */
export type OtpShare = 'owner' | 'signedIn' | 'stranger' | 'other';

const guestPart = 0.6;
const otherSendPart = 0.3;
/**
 * Large enough that one network, which may use four fifths of it, has the five attempts of an OTP.
 */
const otherAttemptPart = 0.4;
/** Small enough that, beside the part of guests, the owner's devices keep an attempt. */
const signedInAttemptPart = 1 / 3;
/** The part of the guests' limits that one client network may use. */
const networkPart = 0.8;

const partOf = (limit: number, part: number) => Math.max(1, Math.round(limit * part));
const perDay = (events: number) => ({ events, perSeconds: daySeconds });
const isGuest = (share: OtpShare) => share !== 'owner' && share !== 'signedIn';

/**
 * Returns the limits of sends to an address: of the day, of guests, and the share's cool-downs.
 */
export function sendWindows(share: OtpShare): SlidingWindow[] {
  const [ofHour, ofDay] = [config.otpSendsPerPhonePerHour, config.otpSendsPerPhonePerDay];
  const perHour = { events: ofHour, perSeconds: hourSeconds };
  const ofOther = partOf(ofDay, otherSendPart);
  const limits = share === 'other' ? [{ ...perHour, events: Math.min(ofHour, ofOther) }, perDay(ofOther)] : [perHour];
  return [
    new SlidingWindow('sent', [perDay(ofDay)]),
    ...(isGuest(share) ? [new SlidingWindow('guestSent', [perHour, perDay(partOf(ofDay, guestPart))])] : []),
    new SlidingWindow(`${share}Sent`, limits, config.otpCoolDownsSeconds),
  ];
}

/**
 * Returns the limits of wrong attempts at an address: of the day, of guests, and of the share.
 */
export function attemptWindows(share: OtpShare): SlidingWindow[] {
  const limit = config.wrongOtpsPerPhonePerDay;
  return [
    new SlidingWindow('wrong', [perDay(limit)]),
    ...(isGuest(share) ? [new SlidingWindow('guestWrong', [perDay(partOf(limit, guestPart))])] : []),
    ...(share === 'other' ? [new SlidingWindow('otherWrong', [perDay(partOf(limit, otherAttemptPart))])] : []),
    ...(share === 'signedIn' ? [new SlidingWindow('signedInWrong', [perDay(partOf(limit, signedInAttemptPart))])] : []),
  ];
}

/**
 * Returns the limits of the sends of one client network to one address: of all types, and of OTPs
 * that do not sign in.
 */
export function networkSendWindows(share: OtpShare): SlidingWindow[] {
  const limit = config.otpSendsPerPhonePerDay;
  const ofOther = new SlidingWindow('otherSent', [perDay(partOf(limit, otherSendPart * networkPart))]);
  return [
    new SlidingWindow('sent', [perDay(partOf(limit, guestPart * networkPart))]),
    ...(share === 'other' ? [ofOther] : []),
  ];
}

/**
 * Returns the limits of the attempts of one client network at one address: of all types, and of
 * OTPs that do not sign in.
 */
export function networkAttemptWindows(share: OtpShare): SlidingWindow[] {
  const limit = config.wrongOtpsPerPhonePerDay;
  const ofOther = new SlidingWindow('otherWrong', [perDay(partOf(limit, otherAttemptPart * networkPart))]);
  return [
    new SlidingWindow('wrong', [perDay(partOf(limit, guestPart * networkPart))]),
    ...(share === 'other' ? [ofOther] : []),
  ];
}
