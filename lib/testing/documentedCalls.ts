import type { Endpoint } from '../http/endpoint.ts';
import { loadEndpoint } from '../openapi/openapi.ts';
import { readRoutes } from '../openapi/routes.ts';
import type { ApiDocument, DescribedOperation } from './apiDocument.ts';
import type { TestRequest } from './event.ts';
import type { Answer, World } from './world.ts';

export interface DocumentedCalls {
  call: (operation: DescribedOperation, request: TestRequest) => Promise<Answer>;
  operation: (operationId: string) => DescribedOperation;
  /** No answer may be other than its document says, and none is a fault of ours. */
  expectConforming: (operation: DescribedOperation, request: object, answer: Answer) => void;
}

/** Calls the operations of a document by the functions of the service in a folder. */
export function callsOf(
  { operations, deviations }: ApiDocument,
  { world, folder }: { world: World; folder: string },
): DocumentedCalls {
  const handlers = new Map<string, Endpoint>();
  let calls = 0;
  beforeAll(async () => {
    for (const { method, path, file } of readRoutes(folder))
      handlers.set(`${method} ${path}`, await loadEndpoint(file, folder));
  });
  return {
    call({ method, path }, request) {
      // The gateway takes every path with and without the slash at its end.
      const handler = handlers.get(`${method} ${path}`) ?? handlers.get(`${method} ${path}/`);
      if (!handler) throw new Error(`Nothing answers ${method} ${path}.`);
      calls += 1;
      // Each from a network of its own, so that none meets the limits of one.
      const clientIp = `2001:db8:${(calls >> 16).toString(16)}:${(calls & 0xffff).toString(16)}::1`;
      return world.call(handler, { method, clientIp, ...request });
    },
    operation(operationId) {
      const found = operations.find((candidate) => candidate.operationId === operationId);
      if (!found) throw new Error(`There is no operation ${operationId}.`);
      return found;
    },
    expectConforming(operation, request, answer) {
      const found = deviations(operation, answer);
      expect({ request, status: answer.status, found }).toEqual({ request, status: answer.status, found: [] });
      expect(answer.status).toBeLessThan(500);
    },
  };
}
