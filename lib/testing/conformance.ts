import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { Endpoint } from '../http/endpoint.ts';
import { loadEndpoint } from '../http/openapi.ts';
import { readRoutes } from '../http/routes.ts';
import type { ApiDocument, DescribedOperation } from './apiDocument.ts';
import { spoiled, valid } from './arbitraries.ts';
import { encoded, placed, type Values } from './describedRequest.ts';
import type { TestRequest } from './event.ts';
import type { Answer, World } from './world.ts';

/** How many requests to make in all, as `npm run test:fuzz` sets it; a few of each kind otherwise. */
const requests = Number(process.env.FUZZ ?? 0);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
/** An engine takes longer with every transaction it has done: twice as long after thirty thousand. */
const mostPerEngine = 5_000;

/** What the machine has to know of a service. */
export interface Subject {
  /** What a request says so that it is known who makes it. Asked for before each one, for what was called may end it. */
  caller: () => Promise<Pick<TestRequest, 'token' | 'headers'>>;
  /** The headers of those whom an operation does not know, each with the code of the refusal. */
  strangers: (operationId: string) => Promise<[headers: Record<string, string>, code: string][]>;
  /** What an answer of this service calls its failure, where it has a code for it. */
  codeOf: (answer: Answer) => string | undefined;
  /** The fields that an answer refuses, by their paths; none where it refuses something else. */
  refusedFields: (answer: Answer) => string[];
  /** Values of a parameter that name something; undefined where its schema says enough. */
  known: (parameter: string) => string[] | undefined;
  /** Whether a field has rules that its schema cannot say in full. */
  isBeyondSchema: (operationId: string, field: string) => boolean;
  /** The field that is refused for what is wrong with this one, where that is another. */
  refusedFor?: (field: string) => string;
  /** Starts anew where a run is a long one. */
  renew?: () => Promise<void>;
}

export interface Conformance {
  call: (operation: DescribedOperation, request: TestRequest) => Promise<Answer>;
  operation: (operationId: string) => DescribedOperation;
  /** No answer may be other than its document says, and none is a fault of ours. */
  expectConforming: (operation: DescribedOperation, request: object, answer: Answer) => void;
}

/** Calls the operations of a document by the functions of the service in a folder. */
export function conformanceTo(
  { operations, deviations }: ApiDocument,
  { world, folder }: { world: World; folder: string },
): Conformance {
  const handlers = new Map<string, Endpoint>();
  beforeAll(async () => {
    for (const { method, path, file } of readRoutes(folder))
      handlers.set(`${method} ${path}`, await loadEndpoint(file, folder));
  });
  return {
    call({ method, path }, request) {
      const handler = handlers.get(`${method} ${path}`);
      if (!handler) throw new Error(`Nothing answers ${method} ${path}.`);
      return world.call(handler, { method, ...request });
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

/** Holds every operation of a document to it: with what it allows, with what it does not, and with nobody who calls. */
export function testConformance(
  { operations }: ApiDocument,
  { call, expectConforming }: Conformance,
  subject: Subject,
): void {
  const numRuns = requests ? Math.ceil(requests / operations.length / 2) : 25;
  jest.setTimeout(300_000 + requests * 60);

  describe.each(operations.map((described) => [described.operationId, described] as const))('%s', (_, described) => {
    const { operationId, body, parameters, needsCaller } = described;
    const caller = async () => (needsCaller ? subject.caller() : {});

    beforeAll(async () => {
      if (requests > mostPerEngine) await subject.renew?.();
    });

    test(`answers what the document says to whatever it allows (seed ${seed})`, async () => {
      await subject.caller();
      const any = fc.record({
        sent: body ? valid(body.schema) : fc.constant(undefined),
        values: fc.record(
          Object.fromEntries(parameters.map((parameter) => [parameter.name, valuesOf(parameter, subject)])),
        ),
        extra: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(any, async ({ sent, values, extra }) => {
          const isObject = typeof sent === 'object' && !Array.isArray(sent);
          const more = extra && isObject && { 'unknown-\u{1F600}': [1, { a: null }] };
          const request = {
            ...placed(described, values),
            ...(await encoded(described, more ? { ...sent, ...more } : sent, await caller())),
          };
          const answer = await call(described, request);
          expectConforming(described, request, answer);
          const refused = subject.refusedFields(answer).filter((field) => {
            const [name = ''] = field.split('.');
            const isOdd = values[name]?.isOdd && !(name in (body?.schema.properties ?? {}));
            return !isOdd && !subject.isBeyondSchema(operationId, field);
          });
          expect([request, refused]).toEqual([request, []]);
        }),
        { numRuns, seed },
      );
    });

    const ways = body?.mediaType === 'application/json' ? spoiled(body.schema) : [];
    if (body && ways.length > 0) {
      test(`refuses whatever the document does not allow, and names the field (seed ${seed})`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.oneof(...ways), valid(body.schema), async (spoil, good) => {
            const { body: bad, how, attr } = spoil(good as Record<string, unknown>);
            const request = { body: bad, ...(await caller()), params: knownPath(described, subject) };
            const answer = await call(described, request);
            expectConforming(described, request, answer);
            const field = subject.refusedFor?.(attr) ?? attr;
            expect({ bad, how, fields: subject.refusedFields(answer) }).toEqual({
              bad,
              how,
              fields: expect.arrayContaining([expect.stringMatching(new RegExp(`^${field}(\\.|$)`))]),
            });
          }),
          { numRuns, seed },
        );
      });
    }

    if (needsCaller) {
      test('asks who calls', async () => {
        await subject.caller();
        for (const [headers, code] of await subject.strangers(operationId)) {
          const request = { body: {}, params: knownPath(described, subject), headers };
          const answer = await call(described, request);
          expect([answer.status, subject.codeOf(answer) ?? code]).toEqual([401, code]);
          expectConforming(described, request, answer);
        }
      });
    }
  });
}

/** Values of a parameter: those of things that are there or that its schema allows, and any others. */
function valuesOf(
  { name, required, schema }: DescribedOperation['parameters'][number],
  { known }: Subject,
): fc.Arbitrary<Values[string]> {
  const odd = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom('', '0', '-1', '%00', '../x', '1e9'),
  );
  const there = known(name);
  const good = there ? fc.constantFrom(...there) : valid(schema);
  const allowed = required ? good : fc.option(good, { nil: undefined });
  return fc.oneof(
    { weight: 2, arbitrary: allowed.map((value) => ({ value, isOdd: false })) },
    { weight: 1, arbitrary: odd.map((value) => ({ value, isOdd: true })) },
  );
}

function knownPath({ parameters }: DescribedOperation, { known }: Subject): Record<string, string> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  return Object.fromEntries(inPath.map(({ name }) => [name, known(name)?.[0] ?? '']));
}
