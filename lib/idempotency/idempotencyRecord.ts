import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { ApiError, fail, ValidationError } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import type { Write } from '../table/expressions.ts';
import { idempotencyKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';

/**
 * Idempotency record: the request that first used a key, and the parts of its result from which a
 * repetition makes its response. It holds no token and no secret.
 */
const IdempotencyRecord = z.object({
  requestHash: z.string(),
  result: z.record(z.string(), z.unknown()),
  expiresAtSeconds: z.int(),
});
export type IdempotencyRecord = z.infer<typeof IdempotencyRecord>;

interface NewRecord {
  result?: object;
  seconds?: number;
  /** The earlier record under this key, which the new one replaces. */
  replaced?: IdempotencyRecord | undefined;
}

/** Transaction write: record the result of a request. It fails if the key has been used. */
export function recordWrite(
  customerId: number,
  { keyHash, requestHash }: IdempotentRequest,
  { result = {}, seconds = config.idempotencyKeySeconds, replaced }: NewRecord = {},
): Write {
  const now = nowSeconds();
  const isFree = 'attribute_not_exists(pk) OR #expiresAtSeconds <= :now';
  return {
    kind: 'put',
    key: idempotencyKey(customerId, keyHash),
    item: { requestHash, result: { ...result }, expiresAtSeconds: now + seconds } satisfies IdempotencyRecord,
    condition: replaced ? `${isFree} OR #result = :replaced` : isFree,
    values: { ':now': now, ':replaced': replaced?.result },
  };
}

/** @throws idempotencyKeyConflict if another request used the key */
export async function findRecord(
  customerId: number,
  { keyHash, requestHash }: IdempotentRequest,
): Promise<IdempotencyRecord | undefined> {
  const [record] = await readAll([{ key: idempotencyKey(customerId, keyHash), as: IdempotencyRecord }]);
  return record && record.requestHash !== requestHash ? fail('idempotencyKeyConflict') : record;
}

/** Returns the writes that record a result, for the transaction of the change. */
export type RecordWrites = (result?: object) => Write[];

interface Operation<T> {
  /**
   * Makes the change with the record in one transaction. If the key has been used, it fails with
   * any error of the catalogue.
   */
  run: (record: RecordWrites) => Promise<T>;
  repeat: (result: IdempotencyRecord['result']) => Promise<T> | T;
}

/**
 * Runs a customer's request once for each idempotency key. A repetition gets the result of the
 * first request. Without a key every request runs, and a request that failed leaves no record.
 * @throws idempotencyKeyConflict if another request used the key
 */
export async function runOnce<T>(
  customerId: number,
  request: IdempotentRequest | undefined,
  { run, repeat }: Operation<T>,
): Promise<T> {
  if (!request) return run(() => []);
  const first = await findRecord(customerId, request);
  if (first) return repeat(first.result);
  try {
    return await run((result) => [recordWrite(customerId, request, { ...(result && { result }) })]);
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof ValidationError)) throw error;
    // A copy of the request may have made the change meanwhile, and made this one fail.
    const copy = await findRecord(customerId, request);
    if (!copy) throw error;
    return repeat(copy.result);
  }
}
