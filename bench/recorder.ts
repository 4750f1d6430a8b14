import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Call } from '../lib/testing/stage/engineProxy.ts';

/** A call to the table with its billed request units. */
export interface TableCall extends Call {
  readUnits: number;
  writeUnits: number;
}

interface Billed {
  CapacityUnits?: number;
}

const reads = ['BatchGetItem', 'Query', 'Scan'];

/**
 * Records the table calls of this process from now on. The engine counts capacity units by AWS's
 * rules. A consistent read of 4 kB costs one unit, and a write of 1 kB one. Transactions cost twice
 * as much.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function recordTable(): { calls: TableCall[]; stop: () => void } {
  const calls: TableCall[] = [];
  const { handle } = NodeHttpHandler.prototype;
  NodeHttpHandler.prototype.handle = async function (request, options) {
    const operation = /^DynamoDB_\d+\.(\w+)$/.exec(request.headers['x-amz-target'] ?? '')?.[1];
    if (!operation) return handle.call(this, request, options);
    const startedAtMs = performance.now();
    const { body } = request;
    const measured = JSON.stringify({ ...JSON.parse(body), ReturnConsumedCapacity: 'TOTAL' });
    const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(measured)) };
    const { response } = await handle.call(this, Object.assign(request, { body: measured, headers }), options);
    const result = await text(response.body);
    const units = response.statusCode < 300 ? billedUnits(JSON.parse(result)) : rejectedUnits(JSON.parse(body));
    const [readUnits, writeUnits] = reads.includes(operation) ? [units, 0] : [0, units];
    calls.push({ operation, body, startedAtMs, endedAtMs: performance.now(), readUnits, writeUnits });
    return { response: Object.assign(response, { body: Readable.from([result]) }) };
  };
  return {
    calls,
    stop: () => {
      NodeHttpHandler.prototype.handle = handle;
    },
  };
}

function billedUnits({ ConsumedCapacity = [] }: { ConsumedCapacity?: Billed | Billed[] }): number {
  return [ConsumedCapacity].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

/**
 * A failed condition costs as much as the write, but its response does not report the units.
 */
function rejectedUnits({ TransactItems }: { TransactItems?: unknown[] }): number {
  return 2 * (TransactItems?.length ?? 0.5);
}
