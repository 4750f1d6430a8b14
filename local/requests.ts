import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import * as z from 'zod';
import { type ErrorName, errors } from '../lib/errors.ts';
import { parsed, showBody, showErrors } from './bodies.ts';
import { Feed } from './feed.ts';

/** The log line of a request. */
const Line = z.object({
  message: z.enum(['request_completed', 'request_failed']),
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

type Line = z.infer<typeof Line>;

/** A request as the log page shows it: with the path that was asked for, without its query. */
type Request = Line & Partial<Asked> & { path: string; errors: string[] };

interface Asked {
  path: string;
  /** Without secrets. */
  body: string | undefined;
  /** Once it has been answered. */
  errors?: string[];
}

/** The files of the docs page, which a browser loads by the dozen. */
const assets = '/api/docs/{asset}';

interface Followed {
  requests: Feed<Request>;
  /**
   * Functions log neither paths, which hold ids, nor bodies. These are told the event and the
   * response of each request.
   */
  onRequest: (requestId: string, event: APIGatewayProxyEvent) => void;
  onResponse: (requestId: string, result: APIGatewayProxyResult) => void;
  stop: () => void;
}

/** Collects the requests of the local stack from the log lines of its functions, newest first. */
export function followRequests(output: NodeJS.WriteStream): Followed {
  const requests = new Feed<Request>();
  const asked = new Map<string, Asked>();
  const lines = new Map<string, Line>();
  const write = output.write;
  const add = (line: Line) => {
    const { request_id: id, route } = line;
    if (route.replace(/\/$/, '') !== assets) requests.add({ path: route, errors: [], ...line, ...asked.get(id) });
    asked.delete(id);
    lines.delete(id);
  };
  output.write = ((chunk: string | Uint8Array, ...rest: []) => {
    for (const text of String(chunk).split('\n')) {
      const line = text.startsWith('{') ? Line.safeParse(parsed(text)).data : undefined;
      if (!line) continue;
      const request = asked.get(line.request_id);
      if (request && !request.errors) lines.set(line.request_id, line);
      else add(line);
    }
    return write.call(output, chunk, ...rest);
  }) as typeof write;
  return {
    requests,
    onRequest: (requestId, event) => void asked.set(requestId, { path: event.path, body: showBody(event) }),
    onResponse(requestId, result) {
      const request = asked.get(requestId);
      if (request) request.errors = showErrors(result);
      const line = lines.get(requestId);
      if (line) add(line);
    },
    stop: () => {
      output.write = write;
    },
  };
}
