import { errors, fieldErrors } from '../errors.ts';

/** What a status means, in every operation. */
export function describeStatus(status: number): string {
  const descriptions: Record<number, string> = {
    200: 'Done.',
    201: 'Created.',
    204: 'Done; there is nothing to say.',
    304: 'The same as what the client has: the ETag in `If-None-Match` still holds.',
    400: 'The request is wrong; every failing field is named.',
    401: 'Who calls is not known.',
    404: 'Not found.',
    405: 'The method is not allowed here.',
    406: 'Only JSON can be answered.',
    413: 'The body is too large.',
    415: 'The content type is not supported.',
    429: 'Too many requests; `Retry-After` says how many seconds to wait.',
    500: 'Something went wrong on our side.',
  };
  return descriptions[status] ?? String(status);
}

/** Every error, as surface A writes it. */
export const errorSchema: Record<string, unknown> = {
  type: 'object',
  required: ['type', 'errors'],
  properties: {
    type: { enum: [...new Set(['validation_error', ...Object.values(errors).map(({ type }) => type)])] },
    errors: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['code', 'detail', 'attr'],
        properties: {
          code: { enum: [...new Set([...Object.values(errors).map(({ code }) => code), ...Object.keys(fieldErrors)])] },
          detail: { type: 'string', description: "In the customer's language." },
          attr: { type: ['string', 'null'], description: 'The path of the field with dots, or null.' },
        },
      },
    },
  },
};
