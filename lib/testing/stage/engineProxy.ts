import { Agent, createServer, request as forward, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  /** `UpdateItem`, `TransactWriteItems` … */
  operation: string;
  body: string;
  startedAtMs: number;
  endedAtMs: number;
}

type Fault = (
  operation: string,
  body: string,
) => { status: number; type: string; message?: string; extra?: object } | 'lose response' | undefined;

export interface EngineProxy {
  url: string;
  target: string;
  /** The calls since the last {@link EngineProxy.record}. */
  calls: Call[];
  record: () => void;
  /** Decides per call whether DynamoDB rejects it, or performs it but the response is lost. */
  fail: (fault: Fault) => void;
  heal: () => void;
  stop: () => Promise<void>;
}

/**
 * Starts a proxy between the SDK and the engine. It records calls, and fails them as DynamoDB and
 * networks do.
 */
export async function startEngineProxy(
  target: string,
  watch: (call: Call, headers: IncomingHttpHeaders) => void = () => undefined,
): Promise<EngineProxy> {
  let fault: Fault = () => undefined;
  const agent = new Agent({ keepAlive: true });
  const server = createServer(async (incoming, outgoing) => {
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const call: Call = { operation, body, startedAtMs: performance.now(), endedAtMs: Number.POSITIVE_INFINITY };
    proxy.calls.push(call);
    watch(call, incoming.headers);

    const failure = fault(operation, body);
    if (failure && failure !== 'lose response') {
      call.endedAtMs = performance.now();
      const { status, type, message = type, extra } = failure;
      outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      outgoing.end(
        JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message, Message: message, ...extra }),
      );
      return;
    }
    const send = () => {
      const forwarded = forward(
        proxy.target,
        { agent, method: incoming.method, headers: incoming.headers },
        (response) => {
          call.endedAtMs = performance.now();
          if (failure === 'lose response') {
            response.resume();
            outgoing.destroy();
            return;
          }
          outgoing.writeHead(response.statusCode ?? 500, response.headers);
          response.pipe(outgoing);
        },
      );
      // The engine may close an idle connection at the moment that a request reuses it.
      forwarded.on('error', () => (forwarded.reusedSocket ? send() : outgoing.destroy()));
      forwarded.end(body);
    };
    send();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const proxy: EngineProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target,
    calls: [],
    record: () => {
      proxy.calls = [];
    },
    fail: (decide) => {
      fault = decide;
    },
    heal: () => {
      fault = () => undefined;
    },
    stop: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

/** Returns the length of the longest chain of sequential calls. Parallel calls count once. */
export function depth(calls: readonly Call[]): number {
  let chain = 0;
  let lastEndedAtMs = Number.NEGATIVE_INFINITY;
  for (const { startedAtMs, endedAtMs } of [...calls].sort((a, b) => a.endedAtMs - b.endedAtMs)) {
    if (startedAtMs < lastEndedAtMs) continue;
    chain += 1;
    lastEndedAtMs = endedAtMs;
  }
  return chain;
}
