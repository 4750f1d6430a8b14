import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { TestRequest } from '../stage/event.ts';
import type { TestResponse } from '../stage/world.ts';
import type { ApiDocument, DescribedBody, DescribedOperation } from './apiDocument.ts';
import { valid } from './arbitraries.ts';
import {
  type Good,
  isFields,
  oddParametersOf,
  parametersIn,
  type RequestParts,
  requestOf,
  validParts,
  withGood,
  withUnknownField,
} from './describedRequest.ts';
import type { DocumentedCalls } from './documentedCalls.ts';
import { type BeyondSchema, isBeyond, type Rejection } from './rejections.ts';
import { type Violation, violationsOf } from './violations.ts';

/**
 * The total number of requests, which `npm run test:fuzz` sets. The default is a few of each kind.
 */
const requests = Number(process.env.FUZZ ?? 0);
const few = 10;
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
/**
 * The engine slows down with every transaction: after 30,000 transactions it takes twice as long.
 */
const mostPerEngine = 5_000;

/** Facts about a service that its document does not state. */
export interface Subject {
  /**
   * Returns the credentials of a request. It runs before each request, because the last one may
   * have revoked the session.
   */
  caller: () => Promise<Pick<TestRequest, 'token' | 'headers'>>;
  /**
   * Creates valid values just before a request, for rules that the document cannot express. `turn`
   * counts the calls, so that an operation can succeed in several ways.
   */
  good: (operationId: string, turn: number, mediaType: string | undefined) => Promise<Good>;
  /** Returns headers that fail authentication, each with the expected error code. */
  badCredentials: (operationId: string) => Promise<[headers: Record<string, string>, code: string][]>;
  codeOf: (response: TestResponse) => string | undefined;
  /** Returns the fields that a response rejects. The list is empty for other errors. */
  rejections: (response: TestResponse) => Rejection[];
  beyondSchema: BeyondSchema;
  /** Whether an impossible path value is a field error. The default is 404. */
  rejectsPaths?: boolean;
  /** Maps an invalid field to the field that the response reports, if they differ. */
  fieldOfRejection?: (field: string) => string;
  /** Restarts the engine in long runs. */
  renew?: () => Promise<void>;
}

/** Tests each operation with valid requests, invalid requests and no credentials. */
export function testConformance(
  { operations }: ApiDocument,
  { call, expectConforming }: DocumentedCalls,
  subject: Subject,
): void {
  let properties = 0;
  const numRuns = () => (requests ? Math.ceil(requests / properties) : few);
  let requestCount = 0;
  const send = (operation: DescribedOperation, request: TestRequest) => {
    requestCount += 1;
    return call(operation, request);
  };
  /**
   * Adds a test that makes its share of all requests. The share is known once every test is added.
   */
  const property = (name: string, run: () => Promise<void>) => {
    properties += 1;
    test(`${name} (seed ${seed})`, run);
  };
  jest.setTimeout(300_000 + requests * 60);

  const bodies = operations.flatMap((operation) => {
    const { operationId, bodies } = operation;
    if (bodies.length < 2) return [[operationId, operation, bodies[0]] as const];
    return bodies.map((body) => [`${operationId} in ${body.mediaType}`, operation, body] as const);
  });

  describe.each(bodies)('%s', (_, operation, body) => {
    const { operationId, needsCaller, parameters } = operation;
    const { mediaType } = body ?? {};
    const callerOf = async ({ token }: Good) => (token ? { token } : needsCaller ? subject.caller() : {});
    let turn = 0;
    const nextGood = () => subject.good(operationId, turn++, mediaType);

    beforeAll(async () => {
      if (requests > mostPerEngine) await subject.renew?.();
    });

    property('conforms to the document for every valid request', async () => {
      const hasPath = parameters.some((parameter) => parameter.in === 'path');
      const any = fc.record({
        parts: validParts(operation, body),
        oddParameters: oddParametersOf(operation),
        extra: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(any, async ({ parts, oddParameters, extra }) => {
          const { path = {}, ...good } = hasPath ? await nextGood() : {};
          const { params, query, ...rest } = await requestOf(
            withGood(extra ? withUnknownField(parts) : parts, { path }),
            mediaType,
            await callerOf(good),
          );
          const request = {
            params: { ...params, ...oddParameters.path },
            query: { ...query, ...oddParameters.query },
            ...rest,
          };
          const response = await send(operation, request);
          expectConforming(operation, request, response);
          const rejected = subject.rejections(response).filter((rejection) => {
            const [name = ''] = rejection.field.split('.');
            const isOdd = name in oddParameters.query || (subject.rejectsPaths && name in oddParameters.path);
            return !isOdd && !isBeyond(subject.beyondSchema, operationId, rejection);
          });
          expect([request, rejected]).toEqual([request, []]);
        }),
        { numRuns: numRuns(), seed },
      );
    });

    property('accepts valid values, with every documented success status', async () => {
      const any = fc.record({ parts: validParts(operation, body), extra: fc.boolean() });
      const reached = new Set<string>();
      await fc.assert(
        fc.asyncProperty(any, async ({ parts, extra }) => {
          const good = await nextGood();
          const replacement = withGood(extra ? withUnknownField(parts) : parts, good);
          const response = await send(operation, await requestOf(replacement, mediaType, await callerOf(good)));
          expectConforming(operation, replacement, response);
          expect([replacement, response.status < 300 ? 'accepted' : response]).toEqual([replacement, 'accepted']);
          reached.add(String(response.status));
        }),
        { numRuns: numRuns(), seed },
      );
      expect([...reached].sort()).toEqual(expect.arrayContaining(successesOf(operation)));
    });

    const violations = requestViolations(operation, body);
    if (violations.length > 0) {
      property('rejects every violation of the document, and names the field', async () => {
        for (const [part, { field, how, code, invalidate }] of violations) {
          await fc.assert(
            fc.asyncProperty(invalidate, validParts(operation, body), async (make, parts) => {
              const bad = { ...parts, [part]: make(parts[part]) };
              const response = await send(operation, await requestOf(bad, mediaType, await callerOf({})));
              expectConforming(operation, bad, response);
              const isNotFound = part === 'path' && !subject.rejectsPaths && response.status === 404;
              const named = subject.fieldOfRejection?.(field) ?? field;
              const rejected = subject.rejections(response).some((rejection) => {
                const isSameField = `${rejection.field}.`.startsWith(`${named || 'non_field_errors'}.`);
                return isSameField && (named !== field || rejection.code === (code ?? rejection.code));
              });
              expect(isNotFound || rejected ? [] : [{ field, how, code, bad, response }]).toEqual([]);
            }),
            { numRuns: Math.ceil(numRuns() / violations.length), seed },
          );
        }
      });
    }

    if (needsCaller) {
      test('rejects missing and invalid credentials', async () => {
        const [path = {}] = fc.sample(valid(parametersIn('path', operation)), { numRuns: 1, seed });
        for (const [headers, code] of await subject.badCredentials(operationId)) {
          const parts = { path: isFields(path) ? path : {}, query: {}, body: body && {} };
          const request = await requestOf(parts, mediaType, { headers });
          const response = await send(operation, request);
          expect([response.status, subject.codeOf(response) ?? code]).toEqual([401, code]);
          expectConforming(operation, request, response);
        }
      });
    }
  });

  test('makes at least as many requests as FUZZ says', () => {
    expect(requestCount).toBeGreaterThanOrEqual(requests);
  });
}

function successesOf({ responses }: DescribedOperation): string[] {
  return Object.keys(responses).filter((status) => status.startsWith('2'));
}

type Part = keyof RequestParts;

/** Returns every way to make a request invalid, with the part of the request to change. */
function requestViolations(operation: DescribedOperation, body: DescribedBody | undefined): [Part, Violation][] {
  const isJson = body?.mediaType === 'application/json';
  const inBody = body ? violationsOf(body.schema, isJson ? 'json' : 'form').filter(({ field }) => isJson || field) : [];
  const inQuery = violationsOf(parametersIn('query', operation), 'parameter').filter(({ field }) => field);
  // A missing path value would make another path. The error code of a bad path value differs by
  // service.
  const inPath = violationsOf(parametersIn('path', operation), 'parameter').filter(
    ({ field, how }) => field && how !== 'missing',
  );
  return [
    ...inBody.map((violation): [Part, Violation] => ['body', violation]),
    ...inQuery.map((violation): [Part, Violation] => ['query', violation]),
    ...inPath.map((violation): [Part, Violation] => ['path', { ...violation, code: undefined }]),
  ];
}
