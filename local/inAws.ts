import { channel } from 'node:diagnostics_channel';
import type { Context } from 'aws-lambda';

/** Tells which path a request was for; what functions log has its template alone, for paths hold ids. */
export const asked = channel('customer-backend:asked');

type Handler = (event: Event, context: Context) => unknown;

/** As much of any event as differs here. */
interface Event {
  path?: string;
  requestContext?: { requestId: string };
  pathParameters?: Record<string, string> | null;
  Records?: { eventSource?: string }[];
}

/** A function that gets what AWS would give it, and is taken by its word as there. */
export function inAws(handler: Handler): Handler {
  return async (event, context) => {
    if (event?.requestContext) asked.publish({ request_id: event.requestContext.requestId, path: event.path });
    const answer = await handler(encoded(event), context);
    if (event?.Records?.[0]?.eventSource === 'aws:dynamodb') repeatFailures(answer as BatchAnswer);
    return answer;
  };
}

/** The local gateway hands over the values of a path decoded, which a REST API does not. */
function encoded(event: Event): Event {
  if (!event?.pathParameters) return event;
  const values = Object.entries(event.pathParameters).map(([name, value]) => [name, encodeURIComponent(value)]);
  return { ...event, pathParameters: Object.fromEntries(values) };
}

interface BatchAnswer {
  batchItemFailures: unknown[];
}

/** The local reader of streams repeats what throws, and does not know that a worker can name what failed. */
function repeatFailures({ batchItemFailures }: BatchAnswer): void {
  if (batchItemFailures.length > 0) throw new Error('Some records come again.');
}
