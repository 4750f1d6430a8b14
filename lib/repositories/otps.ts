import * as z from 'zod';
import { config } from '../config.ts';
import { newId } from '../ids.ts';
import { otpKey } from './keys.ts';
import { type Limit, SlidingWindow } from './slidingWindow.ts';
import { write } from './table.ts';
import type { Write, Written } from './writes.ts';

/** What a client may ask a code for. */
export const otpTypes = ['customer_auth', 'provider_auth', 'password_reset'] as const;
/** What a code is for. A phone has at most one live code of each. */
export type OtpType = (typeof otpTypes)[number] | 'phone_verification';

/** A code as it rests: not the code, but an HMAC of it under a secret that is not in the table. */
const Code = z.object({
  id: z.int(),
  secretId: z.string(),
  salt: z.string(),
  hash: z.string(),
  tries: z.int(),
  expiresAtSeconds: z.int(),
});
export type Code = z.infer<typeof Code>;
export type NewCode = Omit<Code, 'id' | 'tries'>;

const hourSeconds = 3_600;
const daySeconds = 86_400;

/** Who signs in by a code may use all of a phone's limits; who asks for a new password, without a session, two thirds of each. */
export type Share = 'all' | 'part';

function limits(share: Share, ...all: Limit[]): Limit[] {
  const part = all.map(({ events, perSeconds }) => ({ events: Math.max(1, Math.floor((events * 2) / 3)), perSeconds }));
  return share === 'all' ? all : [...all, ...part];
}

const sends = (share: Share) =>
  new SlidingWindow(
    'sent',
    limits(
      share,
      { events: config.otpSendsPerPhonePerHour, perSeconds: hourSeconds },
      { events: config.otpSendsPerPhonePerDay, perSeconds: daySeconds },
    ),
    config.otpCoolDownsSeconds,
  );

const tries = (share: Share = 'all') =>
  new SlidingWindow('wrong', limits(share, { events: config.otpWrongTriesPerPhonePerDay, perSeconds: daySeconds }));

const attribute = (type: OtpType) => `code_${type}`;

function codeOn(item: Written['old'], type: OtpType): Code | undefined {
  return Code.optional().parse(item?.[attribute(type)]);
}

/** `waitSeconds` is the time until this phone may be sent another code. */
export type Replaced =
  | { done: true; waitSeconds: number; undo: () => Promise<unknown> }
  | { done: false; waitSeconds: number };

/** Makes a code the phone's only one of its type and counts the send, if the phone's limits allow it now. */
export async function replace(
  phone: string,
  type: OtpType,
  code: NewCode,
  now: number,
  share: Share = 'all',
): Promise<Replaced> {
  const window = sends(share);
  const fresh: Code = { ...code, id: newId(), tries: 0 };
  const { done, old } = await write({
    kind: 'update',
    key: otpKey(phone),
    expression: `SET #${attribute(type)} = :code, #expiresAtSeconds = :expiry, ${window.count}`,
    condition: window.allows,
    values: { ':code': fresh, ':expiry': now + daySeconds, ...window.values(now) },
  });
  const standing = codeOn(old, type);
  // The SDK repeats a write whose answer was lost, and the repetition finds what the first one wrote.
  const isRepetition = !done && standing?.id === fresh.id;
  if (!done && !isRepetition) return { done, waitSeconds: window.wait(window.read(old), now) };

  const sentBefore = window.read(old).slice(isRepetition ? 1 : 0);
  const replaced = isRepetition ? undefined : standing;
  const undo = () =>
    write({
      kind: 'update',
      key: otpKey(phone),
      expression: `SET ${window.uncount}${replaced ? `, #${attribute(type)} = :replaced` : ` REMOVE #${attribute(type)}`}`,
      condition: `#${attribute(type)}.#id = :id`,
      values: { ':replaced': replaced, ':id': fresh.id, ...window.values(now) },
    });
  return { done: true, waitSeconds: window.wait([now, ...sentBefore], now), undo };
}

/** Makes a code the phone's only one of its type without any limit. For test numbers. */
export function place(phone: string, type: OtpType, code: NewCode, now: number): Promise<unknown> {
  return write({
    kind: 'update',
    key: otpKey(phone),
    expression: `SET #${attribute(type)} = :code, #expiresAtSeconds = :expiry`,
    values: { ':code': { ...code, id: newId(), tries: 0 }, ':expiry': now + daySeconds },
  });
}

export type Tried =
  | { outcome: 'compare'; code: Code }
  | { outcome: 'none' }
  | { outcome: 'limit'; waitSeconds: number };

/**
 * Takes one of the tries of the phone's code, before anyone compares: however many come at once, only as many get
 * the code to compare as there are tries left. A try counts as wrong until {@link consumption} takes it back.
 */
export async function takeTry(phone: string, type: OtpType, now: number, share: Share = 'all'): Promise<Tried> {
  const window = tries(share);
  const code = `#${attribute(type)}`;
  const { done, old } = await write({
    kind: 'update',
    key: otpKey(phone),
    expression: `SET ${code}.#tries = ${code}.#tries + :one, #expiresAtSeconds = :expiry, ${window.count}`,
    condition: `${code}.#expiresAtSeconds > :now AND ${code}.#tries < :tries AND ${window.allows}`,
    values: { ':one': 1, ':tries': config.otpTriesPerCode, ':expiry': now + daySeconds, ...window.values(now) },
  });
  const current = codeOn(old, type);
  if (done && current) return { outcome: 'compare', code: current };

  const dayWaitSeconds = window.wait(window.read(old), now);
  if (dayWaitSeconds > 0) return { outcome: 'limit', waitSeconds: dayWaitSeconds };
  if (!current || current.expiresAtSeconds <= now) return { outcome: 'none' };
  return { outcome: 'limit', waitSeconds: current.expiresAtSeconds - now };
}

/** The write that uses a code up and takes its try back. It is refused if the code has been used or replaced. */
export function consumption(phone: string, type: OtpType, code: Code): Write {
  return {
    kind: 'update',
    key: otpKey(phone),
    expression: `SET ${tries().uncount} REMOVE #${attribute(type)}`,
    condition: `#${attribute(type)}.#id = :id`,
    values: { ':id': code.id, ':never': 0 },
  };
}

/** Takes the try of a right code back that was not used up, or not by this call: it was no guess. */
export async function forgiveTry(phone: string, type: OtpType, { id }: Code): Promise<void> {
  const code = `#${attribute(type)}`;
  const update = { kind: 'update', key: otpKey(phone), values: { ':never': 0, ':one': 1, ':id': id } } as const;
  const expression = `SET ${tries().uncount}`;
  const inFull = `${expression}, ${code}.#tries = ${code}.#tries - :one`;
  const { done } = await write({ ...update, expression: inFull, condition: `${code}.#id = :id` });
  if (!done) await write({ ...update, expression });
}
