import fc from 'fast-check';
import type { DescribedBody, DescribedOperation } from './apiDocument.ts';
import { type Schema, valid } from './arbitraries.ts';
import type { TestRequest } from './event.ts';
import { asForm } from './forms.ts';

export type Fields = Record<string, unknown>;

/** What a request says, apart from who calls. */
export interface Said {
  path: Fields;
  query: Fields;
  body: unknown;
}

/** What is known to be good where a schema cannot say enough. A field that is undefined is not sent. */
export interface Good {
  path?: Fields;
  query?: Fields;
  /** Some fields of an object, or all of something else. */
  body?: unknown;
  /** For fields of the query and the body that are made up, unless they are null; what is above is sent in any case. */
  instead?: Fields;
  /** Of somebody else than the usual caller. */
  token?: string;
}

/** The parameters of one place as an object. */
export function parametersIn(place: 'path' | 'query', { parameters }: DescribedOperation): Schema {
  const own = parameters.filter((parameter) => parameter.in === place);
  return {
    type: 'object',
    properties: Object.fromEntries(own.map(({ name, schema }) => [name, schema])),
    required: own.filter(({ required }) => required).map(({ name }) => name),
  };
}

/** Whatever a document allows to say. */
export function allowed(operation: DescribedOperation, body: DescribedBody | undefined): fc.Arbitrary<Said> {
  return fc.record({
    path: valid(parametersIn('path', operation)) as fc.Arbitrary<Fields>,
    query: valid(parametersIn('query', operation)) as fc.Arbitrary<Fields>,
    body: body ? valid(body.schema) : fc.constant(undefined),
  });
}

/** Values of some parameters that may be refused. */
export function oddities({
  parameters,
}: DescribedOperation): fc.Arbitrary<Record<'path' | 'query', Record<string, string>>> {
  const odd = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom('', '0', '-1', '%00', '../x', '1e9'),
  );
  const inPlace = (place: string) => {
    const names = parameters.filter((parameter) => parameter.in === place).map(({ name }) => [name, odd] as const);
    return fc.record(Object.fromEntries(names), { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>;
  };
  return fc.record({ path: inPlace('path'), query: inPlace('query') });
}

/** What is made up, with what is known to be good in its place. */
export function withGood({ path, query, body }: Said, { instead = {}, ...good }: Good): Said {
  return {
    path: { ...path, ...good.path },
    query: { ...replaced(query, instead), ...good.query },
    body: isFields(body) ? { ...replaced(body, instead), ...(good.body ?? {}) } : (good.body ?? body),
  };
}

function replaced(fields: Fields, instead: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const better = instead[name];
      if (value === null || better === undefined) return [name, value];
      return [name, isFields(value) && isFields(better) ? replaced(value, better) : better];
    }),
  );
}

/** Beside what an operation knows, something that it does not, where its body has names. */
export function extended({ body, ...said }: Said): Said {
  return { ...said, body: isFields(body) ? { ...body, 'unknown-\u{1F600}': { a: [1, null] } } : body };
}

export function isFields(value: unknown): value is Fields {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** The request that says this, its path values encoded as by clients. */
export async function requestOf(
  { path, query, body }: Said,
  mediaType: string | undefined,
  { headers, ...caller }: Pick<TestRequest, 'token' | 'headers'>,
): Promise<TestRequest> {
  const { headers: ofBody, ...sent } = body === undefined ? {} : await encoded(body, mediaType);
  return {
    params: Object.fromEntries(given(path).map(([name, value]) => [name, encodeURIComponent(text(value))])),
    query: Object.fromEntries(
      given(query).map(([name, value]) => [name, Array.isArray(value) ? value.map(text) : text(value)]),
    ),
    ...sent,
    ...caller,
    headers: { ...ofBody, ...headers },
  };
}

async function encoded(body: unknown, mediaType: string | undefined): Promise<Pick<TestRequest, 'body' | 'headers'>> {
  if (!isFields(body) || mediaType === undefined || mediaType === 'application/json')
    return { body: JSON.stringify(body) };
  const form = given(body).map(
    ([name, value]) => [name, [value].flat().map((one) => (one instanceof Blob ? one : text(one)))] as const,
  );
  if (mediaType === 'multipart/form-data') return asForm(Object.fromEntries(form));
  const pairs = form.flatMap(([name, values]) => values.map((value): [string, string] => [name, String(value)]));
  return { body: new URLSearchParams(pairs).toString(), headers: { 'Content-Type': mediaType } };
}

function given(fields: Fields): [name: string, value: unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined);
}

/** Forms, queries and paths cannot say null: what it clears is empty. */
function text(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
