import { tableClient } from '../lib/table/table.ts';
import type { Call } from '../lib/testing/stage/engineProxy.ts';

/** A call to the table with its billed request units. */
export interface TableCall extends Call {
  readUnits: number;
  writeUnits: number;
}

interface Request {
  body: string | Uint8Array;
  headers: Record<string, string>;
}

interface Billed {
  CapacityUnits?: number;
}

const name = 'recordTable';
const reads = ['BatchGetItem', 'Query', 'Scan'];

/**
 * Records the table calls of this process from now on. The engine counts capacity units by AWS's
 * rules. A consistent read of 4 kB costs one unit, and a write of 1 kB one. Transactions cost twice
 * as much.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function recordTable(): { calls: TableCall[]; stop: () => void } {
  const calls: TableCall[] = [];
  const { middlewareStack } = tableClient();
  middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as Request;
      const operation = request.headers['x-amz-target']?.split('.').at(-1) ?? '';
      const startedAtMs = performance.now();
      const body = typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body);
      request.body = JSON.stringify({ ...JSON.parse(body), ReturnConsumedCapacity: 'TOTAL' });
      const record = (units: number) => {
        const [readUnits, writeUnits] = reads.includes(operation) ? [units, 0] : [0, units];
        calls.push({ operation, body, startedAtMs, endedAtMs: performance.now(), readUnits, writeUnits });
      };
      try {
        const result = await next(args);
        const { ConsumedCapacity } = result.output as { ConsumedCapacity?: Billed | Billed[] };
        record([ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0));
        return result;
      } catch (error) {
        // A failed condition costs as much as the write, but its response does not report the
        // units.
        record(2 * (JSON.parse(body).TransactItems?.length ?? 0.5));
        throw error;
      }
    },
    // Runs before the SDK computes the length of the body.
    { step: 'build', priority: 'high', name },
  );
  return { calls, stop: () => void middlewareStack.remove(name) };
}
