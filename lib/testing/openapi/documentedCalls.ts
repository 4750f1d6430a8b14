import type { Endpoint } from '../../http/endpoint.ts';
import { loadEndpoint } from '../../openapi/openapi.ts';
import { readRoutes } from '../../openapi/routes.ts';
import type { TestRequest } from '../stage/event.ts';
import type { TestResponse, World } from '../stage/world.ts';
import type { ApiDocument, DescribedOperation } from './apiDocument.ts';

export interface DocumentedCalls {
  call: (operation: DescribedOperation, request: TestRequest) => Promise<TestResponse>;
  operation: (operationId: string) => DescribedOperation;
  /** Fails if a response differs from its document, or is a 5xx. */
  expectConforming: (operation: DescribedOperation, request: object, response: TestResponse) => void;
}

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
      // API Gateway accepts each path with and without a trailing slash.
      const handler = handlers.get(`${method} ${path}`) ?? handlers.get(`${method} ${path}/`);
      if (!handler) throw new Error(`No function has the route ${method} ${path}.`);
      calls += 1;
      // Each call has its own network, so that no rate limit of an IP address applies.
      const clientIp = `2001:db8:${(calls >> 16).toString(16)}:${(calls & 0xffff).toString(16)}::1`;
      return world.call(handler, { method, clientIp, ...request });
    },
    operation(operationId) {
      const found = operations.find((candidate) => candidate.operationId === operationId);
      if (!found) throw new Error(`There is no operation ${operationId}.`);
      return found;
    },
    expectConforming(operation, request, response) {
      const found = deviations(operation, response);
      expect({ request, status: response.status, found }).toEqual({ request, status: response.status, found: [] });
      expect(response.status).toBeLessThan(500);
    },
  };
}
