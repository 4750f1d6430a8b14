import * as z from 'zod';
import { type ErrorName, errors } from '../lib/errors.ts';
import { Feed } from './feed.ts';

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

interface Followed {
  requests: Feed<Request>;
  /** Functions log the template of a path alone, because paths hold ids; this is told the path of each request. */
  keepPath: (requestId: string, path: string) => void;
  stop: () => void;
}

/** The requests of the local stack, newest first, as its functions log them to this process's output. */
export function followRequests(output: NodeJS.WriteStream): Followed {
  const requests = new Feed<Request>();
  const paths = new Map<string, string>();
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
    keepPath: (requestId, path) => void paths.set(requestId, path),
    stop: () => {
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
