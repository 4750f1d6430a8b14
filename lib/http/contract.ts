import * as z from 'zod';
import type { ErrorName, FieldError } from '../errors.ts';
import type { Language } from '../languages.ts';
import type { ErrorFormat } from './errorFormats.ts';

/** By name in lower case. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** Finds out who calls, from the headers, or fails with a 401. */
export type Authenticator<P extends object> = (headers: RequestHeaders) => Promise<P> | P;

/**
 * What the kit itself looks at in who calls: a customer is answered in their language, and named in
 * the log.
 */
export interface Principal {
  customer?: { id: number; language: Language };
}

/**
 * Reads bodies of one media type into values for the schema; fails with an error of the catalogue.
 */
export interface BodyReader {
  /** As OpenAPI names it: `multipart/form-data`. */
  mediaType: string;
  maxBytes: () => number;
  read: (bytes: Buffer, contentType: string) => unknown;
}

/**
 * What goes in and out of one endpoint, and who may call it. The kit enforces it; OpenAPI is
 * written from it.
 */
export interface Contract {
  /** The published name; operations without one stay out of the OpenAPI document. */
  operationId?: string;
  tag?: string;
  summary: string;
  description?: string;
  /** How its answers are written; surface A's way unless said otherwise. */
  dialect?: ErrorFormat | ((path: string) => ErrorFormat);
  auth?: Authenticator<object>;
  /**
   * A key that may come as a bearer token, by the name it has in OpenAPI; the endpoint looks at it
   * itself.
   */
  optionalKey?: 'healthKey';
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Whether a request without any body is refused; else it counts as `{}`. */
  needsBody?: boolean;
  /** Beside JSON. */
  accepts?: BodyReader;
  /** A schema for each status; null where there is no body. */
  returns: Readonly<Record<number, z.ZodType | null>>;
  /** The media types of a {@link Document}, where that is what it answers with. */
  produces?: readonly string[];
  /** Beside those that every operation can answer. */
  errors?: readonly ErrorName[];
  /**
   * What the fields call it that an error of the catalogue is about, where the catalogue calls it
   * otherwise.
   */
  attrs?: Partial<Record<ErrorName, string>>;
  /**
   * Bad fields that only the table can tell, or that depend on others; the rest are in the schemas.
   */
  fieldErrors?: readonly FieldError[];
  /**
   * `no-store` unless said otherwise. What may be cached gets an ETag, and is answered by 304 where
   * it is known already.
   */
  cacheControl?: string;
  /**
   * Compresses in the function, once. API Gateway compresses for each request, and by gzip alone.
   */
  isCompressed?: boolean;
}

type Parsed<C extends Contract, K extends 'params' | 'query' | 'body'> = C[K] extends z.ZodType
  ? { [P in K]: z.output<C[K]> }
  : unknown;

/** What the function of an endpoint gets: only what its contract asks for, already checked. */
export type Input<C extends Contract> = {
  /** The signed-in customer's, else the one asked for, else English. */
  language: Language;
  /** As the gateway saw it, or the CDN in front of it; no header of the client can change it. */
  clientIp: string;
  method: string;
  /** The header, for those who are no customers. */
  authorization: string | undefined;
  /** The address that was called, as the client knows it, without its query. */
  url: string;
  /**
   * The same without the host: with the stage or the base path that stands in front of the route.
   */
  path: string;
  /** The path as the gateway knows it: `/api/addresses/{id}/update`. */
  resource: string;
} & Parsed<C, 'params'> &
  Parsed<C, 'query'> &
  Parsed<C, 'body'> &
  (C['auth'] extends Authenticator<infer P> ? P : unknown);

// biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a function that answers without a body
type BodyOf<S> = S extends z.ZodType ? z.input<S> : void;
type Statuses<C extends Contract> = keyof C['returns'] & number;
type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** What it gives back: a {@link reply}, or just the body where one status is possible. */
export type Output<C extends Contract> =
  | { [S in Statuses<C>]: Reply<S, BodyOf<C['returns'][S]>> }[Statuses<C>]
  | (true extends IsUnion<Statuses<C>> ? never : BodyOf<C['returns'][Statuses<C>]>);

/** An answer that is not JSON but a page, a script or a style. */
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

/** Answers with this status, where a contract has several, and with headers of its own. */
export function reply<S extends number, B>(status: S, body: B, headers: Record<string, string> = {}): Reply<S, B> {
  return new Reply(status, body, headers);
}
