import type * as z from 'zod';
import { isoTime } from '../clock.ts';
import * as broadcasts from './broadcastRepository.ts';
import type { Progress } from './broadcastSchema.ts';

export async function readProgress(broadcast: broadcasts.Broadcast): Promise<z.input<typeof Progress>> {
  const parts = await broadcasts.listParts(broadcast.idempotencyKey);
  const total = (field: 'recipients' | 'unknown') => parts.reduce((sum, part) => sum + part[field], 0);
  const done = parts.filter(({ isDone }) => isDone).length;
  const [{ of } = { of: 0 }] = parts;
  return {
    idempotency_key: broadcast.idempotencyKey,
    created_at: isoTime(broadcast.createdAtMs / 1000),
    expires_at: isoTime(broadcast.endsAtSeconds),
    parts: of,
    parts_done: done,
    recipients: total('recipients'),
    unknown: total('unknown'),
    is_done: broadcasts.areDone(parts),
  };
}
