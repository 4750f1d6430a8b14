import { errors, fieldErrors } from '../errors.ts';
import { type Dialect, envelope, standard } from './dialects.ts';
import type { Json } from './openapiSchemas.ts';

/** What a status means, in every operation. */
export function describeStatus(status: number): string {
  const descriptions: Record<number, string> = {
    200: 'Done.',
    201: 'Created.',
    204: 'Done; there is nothing to say.',
    304: 'The same as what the client has: the ETag in `If-None-Match` still holds.',
    400: 'The request is wrong; every failing field is named.',
    401: 'Who calls is not known.',
    403: 'This is not allowed, or the proof for it is wrong.',
    404: 'Not found.',
    405: 'The method is not allowed here.',
    406: 'Only JSON can be answered.',
    409: 'Something else has to be done first.',
    413: 'The body is too large.',
    415: 'The content type is not supported.',
    423: 'A field is missing, wrong or taken; every failing field is named.',
    429: 'Too many requests; `Retry-After` says how many seconds to wait.',
    503: 'Something that this stage needs does not answer.',
    500: 'Something went wrong on our side.',
  };
  return descriptions[status] ?? String(status);
}

const text = (description: string) => ({ type: 'string', description });

/** Every error, as surface B writes it. */
const envelopeError: Json = {
  type: 'object',
  required: ['code', 'message', 'message_ar', 'errors'],
  properties: {
    code: { type: 'integer', description: 'The HTTP status.' },
    message: text('In English.'),
    message_ar: text('In Arabic.'),
    errors: { $ref: '#/components/schemas/EnvelopeErrors' },
  },
};

const envelopeErrors: Json = {
  type: 'object',
  required: ['errorMessage', 'errorDetails'],
  properties: {
    errorMessage: text('In the language asked for.'),
    errorDetails: {
      description: 'The messages of each failing field; an empty list where no field is wrong.',
      anyOf: [
        { $ref: '#/components/schemas/FailingFields' },
        { type: 'array', maxItems: 0, items: { type: 'string' } },
      ],
    },
  },
};

const failingFields: Json = {
  type: 'object',
  additionalProperties: { type: 'array', minItems: 1, items: { type: 'string' } },
};

/** Every error, as surface A writes it. */
const standardError: Json = {
  type: 'object',
  required: ['type', 'errors'],
  properties: {
    type: { enum: [...new Set(['validation_error', ...Object.values(errors).map(({ type }) => type)])] },
    errors: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/ErrorItem' } },
  },
};

const errorItem: Json = {
  type: 'object',
  required: ['code', 'detail', 'attr'],
  properties: {
    code: { enum: [...new Set([...Object.values(errors).map(({ code }) => code), ...Object.keys(fieldErrors)])] },
    detail: text("In the customer's language."),
    attr: { type: ['string', 'null'], description: 'The path of the field with dots, or null.' },
  },
};

/** What the document calls the errors of a dialect. @throws for one that it does not describe */
export function errorNameOf(dialect: Dialect): string {
  if (dialect === standard) return 'Error';
  if (dialect === envelope) return 'EnvelopeError';
  throw new Error('The document describes no errors of this dialect.');
}
export const errorSchemas: Json = {
  Error: standardError,
  ErrorItem: errorItem,
  EnvelopeError: envelopeError,
  EnvelopeErrors: envelopeErrors,
  FailingFields: failingFields,
};

/** The schema of what a dialect sends around a body. */
export function around(dialect: Dialect, status: number, schema: Json): Json {
  if (dialect === standard) return schema;
  return {
    type: 'object',
    required: ['code', 'data'],
    properties: { code: { const: status, description: 'The HTTP status.' }, data: schema },
  };
}
