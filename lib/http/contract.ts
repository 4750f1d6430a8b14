import * as z from 'zod';
import type { ErrorName, FieldError } from '../errors.ts';
import type { Language } from '../languages.ts';
import type { ErrorFormat } from './errorFormats.ts';
import type { IdempotentRequest } from './idempotencyKey.ts';

/** Headers by name in lower case. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** Returns the principal from the request headers, or fails with 401. */
export type Authenticator<P extends object> = (headers: RequestHeaders) => Promise<P> | P;

/** Authenticated caller. The response has the customer's language, and the log has their id. */
export interface Principal {
  customer?: { id: number; language: Language };
}

/** Parser for request bodies of one media type. `read` throws an {@link ApiError}. */
export interface BodyReader {
  /** Media type without parameters: `multipart/form-data`. */
  mediaType: string;
  maxBytes: () => number;
  read: (bytes: Buffer, contentType: string) => unknown;
}

/**
 * Contract of one endpoint. `endpoint` enforces it, and the OpenAPI document is generated from it.
 */
export interface Contract {
  /** Published name. An operation without one is not in the OpenAPI document. */
  operationId?: string;
  tag?: string;
  summary: string;
  description?: string;
  errorFormat?: ErrorFormat | ((path: string) => ErrorFormat);
  auth?: Authenticator<object>;
  /** Optional bearer key, by its name in OpenAPI. The endpoint itself checks the key. */
  optionalKey?: 'healthKey';
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Rejects a request without a body. By default, a missing body counts as `{}`. */
  needsBody?: boolean;
  accepts?: BodyReader;
  /** Whether a client may repeat the request safely by the header `Idempotency-Key`. */
  isIdempotent?: true;
  /** Response schema for each status, or null for a response without a body. */
  returns: Readonly<Record<number, z.ZodType | null>>;
  /** Media types of the response, if it is a {@link Document}. */
  produces?: readonly string[];
  /** Errors beside those that every operation can return. */
  errors?: readonly ErrorName[];
  /** Field names for errors whose field has another name in the catalogue. */
  attrs?: Partial<Record<ErrorName, string>>;
  /** Field errors that the schemas do not show: they depend on the table or on other fields. */
  fieldErrors?: readonly FieldError[];
  /** The default is `no-store`. A cacheable response has an ETag and supports 304. */
  cacheControl?: string;
  /** Compresses once in the function. API Gateway would compress each response, with gzip only. */
  isCompressed?: boolean;
}

type Parsed<C extends Contract, K extends 'params' | 'query' | 'body'> = C[K] extends z.ZodType
  ? { [P in K]: z.output<C[K]> }
  : unknown;

/** Input of an endpoint: the parts of the request that its contract declares, validated. */
export type Input<C extends Contract> = {
  /** Language of the customer, else of `Accept-Language`, else English. */
  language: Language;
  /** IP address that the gateway or the CDN saw. A client cannot forge it by a header. */
  clientIp: string;
  method: string;
  authorization: string | undefined;
  /** URL that the client called, without its query. */
  url: string;
  /** Path that the client called, including the stage or the base path. */
  path: string;
  /** Route of the gateway: `/api/addresses/{id}/update`. */
  resource: string;
} & Parsed<C, 'params'> &
  Parsed<C, 'query'> &
  Parsed<C, 'body'> &
  // Undefined for a request without the header.
  (C['isIdempotent'] extends true ? { idempotency: IdempotentRequest | undefined } : unknown) &
  (C['auth'] extends Authenticator<infer P> ? P : unknown);

// biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a function that returns no body
type BodyOf<S> = S extends z.ZodType ? z.input<S> : void;
type Statuses<C extends Contract> = keyof C['returns'] & number;
type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** Output of an endpoint: a {@link reply}, or only the body if the contract has one status. */
export type Output<C extends Contract> =
  | { [S in Statuses<C>]: Reply<S, BodyOf<C['returns'][S]>> }[Statuses<C>]
  | (true extends IsUnion<Statuses<C>> ? never : BodyOf<C['returns'][Statuses<C>]>);

export class Document {
  static readonly schema = z.instanceof(Document);
  readonly mediaType: string;
  readonly body: string;

  constructor(mediaType: string, body: string) {
    this.mediaType = mediaType;
    this.body = body;
  }
}

export class Reply<S extends number, B> {
  readonly status: S;
  readonly body: B;
  readonly headers: Record<string, string>;

  constructor(status: S, body: B, headers: Record<string, string>) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Makes a response with a status, for contracts with several, and with extra headers. */
export function reply<S extends number, B>(status: S, body: B, headers: Record<string, string> = {}): Reply<S, B> {
  return new Reply(status, body, headers);
}
