import * as z from 'zod';
import { languages } from '../languages.ts';
import { notificationTypes } from '../notifications/notificationRepository.ts';
import type { Write } from '../table/expressions.ts';
import { broadcastKey, broadcastPartKey, broadcastPartPrefix, type Key } from '../table/keys.ts';
import { readAll, readPrefix, transact, write } from '../table/table.ts';

const inEveryLanguage = z.object({ en: z.string(), ar: z.string() });

export const Audience = z.union([
  z.object({ customerIds: z.array(z.int()) }),
  z.object({ countryCode: z.string().optional(), language: z.enum(languages).optional() }),
]);
export type Audience = z.infer<typeof Audience>;

/** A notification for many customers, under the key that an operator gave it. */
export const Broadcast = z.object({
  idempotencyKey: z.string(),
  contentHash: z.string(),
  type: z.enum(notificationTypes),
  title: inEveryLanguage,
  body: inEveryLanguage,
  data: z.record(z.string(), z.string()),
  createdAtMs: z.int(),
  /**
   * The expiry of the notifications. The broadcast stays longer, so that its progress can be read.
   */
  endsAtSeconds: z.int(),
  expiresAtSeconds: z.int(),
});
export type Broadcast = z.infer<typeof Broadcast>;

const Place = z.object({ pk: z.string(), sk: z.string() });

export const Part = z.object({
  number: z.int(),
  of: z.int(),
  audience: Audience,
  /**
   * The position of the next step: the last customer read from the table, or the number of ids
   * done.
   */
  after: Place.nullable(),
  idsDone: z.int(),
  step: z.int(),
  recipients: z.int(),
  unknown: z.int(),
  isDone: z.boolean(),
  expiresAtSeconds: z.int(),
});
export type Part = z.infer<typeof Part>;

/**
 * Creates a broadcast, with the other writes, unless its key has been used. Returns the broadcast
 * under that key.
 */
export async function begin(broadcast: Broadcast, otherWrites: readonly Write[]): Promise<Broadcast> {
  const key = broadcastKey(broadcast.idempotencyKey);
  const result = await transact([
    { kind: 'put', key, item: broadcast, condition: 'attribute_not_exists(pk)' },
    ...otherWrites,
  ]);
  return result.done ? broadcast : Broadcast.parse(result.rejected[0]?.old);
}

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

export function areDone(parts: Part[]): boolean {
  return parts.length > 0 && parts.length === parts[0]?.of && parts.every(({ isDone }) => isDone);
}

/**
 * Deletes the texts of a broadcast that has been sent, so that only the inboxes still hold them.
 */
export function deleteTexts(broadcast: Broadcast): Promise<unknown> {
  const nothing = { en: '', ar: '' };
  const item: Broadcast = { ...broadcast, title: nothing, body: nothing, data: {} };
  return write({ kind: 'put', key: broadcastKey(broadcast.idempotencyKey), item, condition: 'attribute_exists(pk)' });
}

/**
 * Records a step of a part, once. A slower worker gets the part as the faster one has left it. A
 * part that is done loses its list of customers.
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
