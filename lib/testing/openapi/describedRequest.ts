import fc from 'fast-check';
import { asForm } from '../fixtures/forms.ts';
import type { TestRequest } from '../stage/event.ts';
import type { DescribedBody, DescribedOperation } from './apiDocument.ts';
import { type Schema, valid } from './arbitraries.ts';

export type Fields = Record<string, unknown>;

/** A request without its credentials. */
export interface RequestParts {
  path: Fields;
  query: Fields;
  body: unknown;
}

/** Valid values for rules that a schema cannot express. Undefined fields are not sent. */
export interface Good {
  path?: Fields;
  query?: Fields;
  /** Replaces some fields of an object, or the whole of another body. */
  body?: unknown;
  /**
   * Replaces generated query and body fields that are present and not null. The fields above are
   * always sent.
   */
  instead?: Fields;
  /** The access token of another customer than the default caller. */
  token?: string;
}

/** Returns the path or query parameters as one object schema. */
export function parametersIn(place: 'path' | 'query', { parameters }: DescribedOperation): Schema {
  const selected = parameters.filter((parameter) => parameter.in === place);
  return {
    type: 'object',
    properties: Object.fromEntries(selected.map(({ name, schema }) => [name, schema])),
    required: selected.filter(({ required }) => required).map(({ name }) => name),
  };
}

export function validParts(operation: DescribedOperation, body: DescribedBody | undefined): fc.Arbitrary<RequestParts> {
  return fc.record({
    path: valid(parametersIn('path', operation)) as fc.Arbitrary<Fields>,
    query: valid(parametersIn('query', operation)) as fc.Arbitrary<Fields>,
    body: body ? valid(body.schema) : fc.constant(undefined),
  });
}

/** Generates parameter values that the service may reject. */
export function oddParametersOf({
  parameters,
}: DescribedOperation): fc.Arbitrary<Record<'path' | 'query', Record<string, string>>> {
  const oddValue = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom('', '0', '-1', '%00', '../x', '1e9'),
  );
  const valuesIn = (place: string) => {
    const names = parameters.filter((parameter) => parameter.in === place).map(({ name }) => [name, oddValue] as const);
    return fc.record(Object.fromEntries(names), { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>;
  };
  return fc.record({ path: valuesIn('path'), query: valuesIn('query') });
}

/** Replaces generated values by valid ones. */
export function withGood({ path, query, body }: RequestParts, { instead = {}, ...good }: Good): RequestParts {
  return {
    path: { ...path, ...good.path },
    query: { ...replaceFields(query, instead), ...good.query },
    body: isFields(body) ? { ...replaceFields(body, instead), ...(good.body ?? {}) } : (good.body ?? body),
  };
}

function replaceFields(fields: Fields, instead: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const replacement = instead[name];
      if (value === null || replacement === undefined) return [name, value];
      return [name, isFields(value) && isFields(replacement) ? replaceFields(value, replacement) : replacement];
    }),
  );
}

/** Adds an unknown field to a body that is an object. */
export function withUnknownField({ body, ...parts }: RequestParts): RequestParts {
  return { ...parts, body: isFields(body) ? { ...body, 'unknown-\u{1F600}': { a: [1, null] } } : body };
}

export function isFields(value: unknown): value is Fields {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** Builds the request, and encodes the path values as clients do. */
export async function requestOf(
  { path, query, body }: RequestParts,
  mediaType: string | undefined,
  { headers, ...caller }: Pick<TestRequest, 'token' | 'headers'>,
): Promise<TestRequest> {
  const { headers: ofBody, ...sent } = body === undefined ? {} : await encodeBody(body, mediaType);
  return {
    params: Object.fromEntries(definedFields(path).map(([name, value]) => [name, encodeURIComponent(text(value))])),
    query: Object.fromEntries(
      definedFields(query).map(([name, value]) => [name, Array.isArray(value) ? value.map(text) : text(value)]),
    ),
    ...sent,
    ...caller,
    headers: { ...ofBody, ...headers },
  };
}

async function encodeBody(
  body: unknown,
  mediaType: string | undefined,
): Promise<Pick<TestRequest, 'body' | 'headers'>> {
  if (!isFields(body) || mediaType === undefined || mediaType === 'application/json')
    return { body: JSON.stringify(body) };
  const form = definedFields(body).map(
    ([name, value]) => [name, [value].flat().map((one) => (one instanceof Blob ? one : text(one)))] as const,
  );
  if (mediaType === 'multipart/form-data') return asForm(Object.fromEntries(form));
  const pairs = form.flatMap(([name, values]) => values.map((value): [string, string] => [name, String(value)]));
  return { body: new URLSearchParams(pairs).toString(), headers: { 'Content-Type': mediaType } };
}

function definedFields(fields: Fields): [name: string, value: unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined);
}

/** Forms, queries and paths have no null. An empty value clears a field instead. */
function text(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
