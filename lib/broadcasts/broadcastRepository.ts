import * as z from 'zod';
import { languages } from '../languages.ts';
import { notificationTypes } from '../notifications/notificationRepository.ts';
import { broadcastKey, broadcastPartKey, broadcastPartPrefix, type Key } from '../table/keys.ts';
import { readAll, readPrefix, write } from '../table/table.ts';

const inEveryLanguage = z.object({ en: z.string(), ar: z.string() });

/** Whom a broadcast is for. */
export const Audience = z.union([
  z.object({ customerIds: z.array(z.int()) }),
  z.object({ countryCode: z.string().optional(), language: z.enum(languages).optional() }),
]);
export type Audience = z.infer<typeof Audience>;

/** A notification for many customers, under the key that an operator gave it. */
export const Broadcast = z.object({
  idempotencyKey: z.string(),
  /** Of what was asked for. */
  contentHash: z.string(),
  type: z.enum(notificationTypes),
  title: inEveryLanguage,
  body: inEveryLanguage,
  data: z.record(z.string(), z.string()),
  createdAtMs: z.int(),
  /** When the notifications expire; the broadcast stays for longer, to tell what became of it. */
  endsAtSeconds: z.int(),
  expiresAtSeconds: z.int(),
});
export type Broadcast = z.infer<typeof Broadcast>;

const Place = z.object({ pk: z.string(), sk: z.string() });

/** A share of the work, and how far it has come. */
export const Part = z.object({
  number: z.int(),
  of: z.int(),
  audience: Audience,
  /** Where it goes on: the last customer of the table that was looked at, or how many of the ids. */
  after: Place.nullable(),
  idsDone: z.int(),
  step: z.int(),
  recipients: z.int(),
  unknown: z.int(),
  isDone: z.boolean(),
  expiresAtSeconds: z.int(),
});
export type Part = z.infer<typeof Part>;

/** Makes a broadcast unless its key has been used; answers the one that stands under it. */
export async function begin(broadcast: Broadcast): Promise<Broadcast> {
  const key = broadcastKey(broadcast.idempotencyKey);
  const { done, old } = await write({ kind: 'put', key, item: broadcast, condition: 'attribute_not_exists(pk)' });
  return done ? broadcast : Broadcast.parse(old);
}

/** Makes a part unless it is there already. */
export function addPart(idempotencyKey: string, part: Part): Promise<unknown> {
  const key = broadcastPartKey(idempotencyKey, part.number);
  return write({ kind: 'put', key, item: part, condition: 'attribute_not_exists(pk)' });
}

export async function find(idempotencyKey: string): Promise<Broadcast | undefined> {
  const [broadcast] = await readAll([{ key: broadcastKey(idempotencyKey), as: Broadcast }]);
  return broadcast;
}

export function listParts(idempotencyKey: string): Promise<Part[]> {
  return readPrefix(broadcastKey(idempotencyKey).pk, broadcastPartPrefix, Part);
}

export async function findPart(idempotencyKey: string, number: number): Promise<Part | undefined> {
  const [part] = await readAll([{ key: broadcastPartKey(idempotencyKey, number), as: Part }]);
  return part;
}

export interface Step {
  after: Key | null;
  idsDone: number;
  recipients: number;
  unknown: number;
  isDone: boolean;
}

/** Whether all parts of a broadcast are there, and done. */
export function areDone(parts: Part[]): boolean {
  return parts.length > 0 && parts.length === parts[0]?.of && parts.every(({ isDone }) => isDone);
}

/** What a broadcast said is nobody's business once it has been sent: its notifications have it for as long as their customers do. */
export function deleteTexts(broadcast: Broadcast): Promise<unknown> {
  const nothing = { en: '', ar: '' };
  const item: Broadcast = { ...broadcast, title: nothing, body: nothing, data: {} };
  return write({ kind: 'put', key: broadcastKey(broadcast.idempotencyKey), item, condition: 'attribute_exists(pk)' });
}

/**
 * Records a step of a part, once: whoever is slower than another one gets the part as that has left it. A part that is done forgets
 * for whom it was.
 */
export async function advance(idempotencyKey: string, part: Part, step: Step): Promise<Part> {
  const next = {
    ...part,
    ...step,
    audience: step.isDone ? { customerIds: [] } : part.audience,
    step: part.step + 1,
    recipients: part.recipients + step.recipients,
    unknown: part.unknown + step.unknown,
  };
  const { done, old } = await write({
    kind: 'put',
    key: broadcastPartKey(idempotencyKey, part.number),
    item: next,
    condition: '#step = :step',
    values: { ':step': part.step },
  });
  return done ? next : Part.parse(old);
}
