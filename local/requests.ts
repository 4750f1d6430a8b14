import * as z from 'zod';
import { type ErrorName, errors } from '../lib/errors.ts';
import { Feed } from './feed.ts';
import { asked } from './inAws.ts';

/** What a function logs of a request. */
const Line = z.object({
  message: z.literal('request'),
  timestamp: z.string(),
  request_id: z.string(),
  operation: z.string().optional(),
  method: z.string(),
  route: z.string(),
  status: z.int(),
  duration_ms: z.int(),
  customer_id: z.int().optional(),
  /** As the API calls it. */
  problem: z
    .enum(Object.keys(errors) as ErrorName[])
    .transform((name) => errors[name].code)
    .optional(),
});

/** A request as the log page shows it: with the path that was asked for, without its query. */
type Request = z.infer<typeof Line> & { path: string };

/** The requests of the local stack, newest first, as its functions log them to this process's output. Returns how to stop. */
export function followRequests(output: NodeJS.WriteStream): { requests: Feed<Request>; stop: () => void } {
  const requests = new Feed<Request>();
  const paths = new Map<string, string>();
  const keepPath = (message: unknown) => {
    const { request_id, path } = message as Request;
    paths.set(request_id, path);
  };
  asked.subscribe(keepPath);
  const write = output.write;
  output.write = ((chunk: string | Uint8Array, ...rest: []) => {
    for (const line of String(chunk).split('\n')) {
      const request = line.startsWith('{') ? Line.safeParse(parsed(line)).data : undefined;
      if (!request) continue;
      requests.add({ ...request, path: paths.get(request.request_id) ?? request.route });
      paths.delete(request.request_id);
    }
    return write.call(output, chunk, ...rest);
  }) as typeof write;
  return {
    requests,
    stop: () => {
      asked.unsubscribe(keepPath);
      output.write = write;
    },
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
