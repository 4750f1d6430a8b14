import * as z from 'zod';
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
  problem: z.string().optional(),
});
type Line = z.infer<typeof Line>;

/** The requests of the local stack, newest first, as its functions log them to this process's output. Returns how to stop. */
export function followRequests(output: NodeJS.WriteStream): { requests: Feed<Line>; stop: () => void } {
  const requests = new Feed<Line>();
  const write = output.write;
  output.write = ((chunk: string | Uint8Array, ...rest: []) => {
    for (const line of String(chunk).split('\n')) {
      const request = line.startsWith('{') ? Line.safeParse(parsed(line)).data : undefined;
      if (request) requests.add(request);
    }
    return write.call(output, chunk, ...rest);
  }) as typeof write;
  return {
    requests,
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
