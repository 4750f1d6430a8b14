import { ApiError, type ErrorName, errors, secondProofKinds, ValidationError } from '../errors.ts';
import { fieldErrors } from '../errorTexts.ts';
import type { Contract } from '../http/contract.ts';
import { chooseErrorFormat, type ErrorFormat, envelope, standard } from '../http/errorFormats.ts';
import { listFailingFields } from './fieldErrors.ts';
import { describeHeaders } from './headers.ts';
import { type Components, type Json, pascalCase } from './schemas.ts';

export function describeStatus(status: number, hasFields = false): string {
  const descriptions: Record<number, string> = {
    200: 'Done.',
    201: 'Created.',
    204: 'No content.',
    304: 'Not modified: the ETag in `If-None-Match` is current.',
    400: hasFields ? 'Invalid request. Every failing field is named.' : 'Invalid request. No field is named.',
    401: 'Missing or invalid credentials.',
    403: 'Forbidden, or the code or password is wrong.',
    404: 'Not found.',
    405: 'The path does not have this method.',
    406: 'This API only returns JSON.',
    409: 'Conflict: the phone is not verified, or a change of it waits.',
    413: 'The body is too large.',
    415: 'The content type is not supported.',
    422: 'Another request used this Idempotency-Key.',
    423: 'A field is missing, invalid or taken. Every failing field is named.',
    429: 'Too many requests. `Retry-After` is the number of seconds to wait.',
    503: 'A service that the stage needs does not respond. `Retry-After` is the number of seconds to wait.',
    500: 'Something went wrong on our side.',
  };
  return descriptions[status] ?? String(status);
}

/**
 * Describes the errors of an operation, with an example for every code. Examples that do not depend
 * on the operation go to the components.
 */
export function describeErrors(contract: Contract, names: readonly ErrorName[], components: Components): Json {
  const errorFormat = chooseErrorFormat(contract);
  const failures = [
    ...listFailingFields(contract).map((fields) => ({
      code: fields[0]?.code ?? '',
      error: new ValidationError(fields),
    })),
    ...names.map((name) => ({ code: errors[name].code, error: errorOf(name, contract) })),
  ].map(({ code, error }) => ({ code, error, ...errorFormat.failure(error, 'en') }));
  const byStatus = Object.entries(Object.groupBy(failures, ({ status }) => status));
  return Object.fromEntries(
    byStatus.map(([key, all = []]) => {
      const status = Number(key);
      const examples = all.map(({ code, error, body }) => {
        if (errorFormat === standard) components.errorCodes.add(code);
        if (error instanceof ValidationError || error.details.attr) return [code, { value: body }];
        const name = `${errorFormat === standard ? '' : 'Envelope'}${pascalCase(code)}`;
        components.examples[name] = { value: body };
        return [code, { $ref: `#/components/examples/${name}` }];
      });
      const hasFields = all.some(({ error }) => error instanceof ValidationError);
      const response = {
        description: describeStatus(status, hasFields),
        headers: describeHeaders(status, contract),
        content: {
          'application/json': {
            schema: { $ref: `#/components/schemas/${errorNameOf(errorFormat)}` },
            examples: Object.fromEntries(examples),
          },
        },
      };
      return [key, response];
    }),
  );
}

/** Returns an error of the catalogue as a contract declares it. */
export function errorOf(name: ErrorName, { attrs = {} }: Contract): ApiError {
  const attr = attrs[name];
  const kinds = name === 'secondProofRequired' && { kinds: secondProofKinds };
  return new ApiError(name, { ...(attr && { attr }), ...kinds });
}

/** Returns the schema name of an error format. @throws for a format outside of the document */
function errorNameOf(errorFormat: ErrorFormat): string {
  if (errorFormat === standard) return 'ErrorBody';
  if (errorFormat === envelope) return 'EnvelopeError';
  throw new Error('The document describes no errors of this error format.');
}

const text = (description: string) => ({ type: 'string', description });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

export function errorSchemas(codes: ReadonlySet<string>): Json {
  const catalogue = [...Object.values(errors).map(({ code }) => code), ...Object.keys(fieldErrors)];
  return {
    ErrorBody: {
      type: 'object',
      required: ['type', 'errors'],
      properties: {
        type: {
          enum: [...new Set(['validation_error', ...Object.values(errors).map(({ type }) => type)])],
          description:
            '`validation_error` for fields to correct, `client_error` for other requests that fail, `server_error` for a fault of the API.',
        },
        errors: {
          type: 'array',
          minItems: 1,
          items: ref('ErrorItem'),
          description: 'Every failing field, or one error without a field.',
        },
      },
    },
    ErrorItem: {
      type: 'object',
      required: ['code', 'detail', 'attr'],
      properties: {
        code: {
          enum: [...new Set(catalogue)].filter((code) => codes.has(code)),
          description:
            'Use the code to decide what to do. Later versions may add codes, so handle an unknown code by the status.',
        },
        detail: text("In the customer's language."),
        attr: { type: ['string', 'null'], description: 'The path of the field with dots, or null.' },
        kinds: {
          type: 'array',
          items: { enum: [...secondProofKinds] },
          description: 'With `second_proof_required`: the kinds of a second proof that the account has.',
        },
      },
    },
    EnvelopeError: {
      type: 'object',
      required: ['code', 'message', 'message_ar', 'errors'],
      properties: {
        code: { type: 'integer', description: 'The HTTP status.' },
        message: text('In English.'),
        message_ar: text('In Arabic.'),
        errors: ref('EnvelopeErrors'),
      },
    },
    EnvelopeErrors: {
      type: 'object',
      description: 'The errors of all fields.',
      required: ['errorMessage', 'errorDetails'],
      properties: {
        errorMessage: text('In the language of the request.'),
        errorDetails: {
          description:
            'For invalid fields, an object with a list of messages for each field: `{"email": ["…"]}`. Otherwise an empty list.',
        },
      },
    },
  };
}

export function findContext(errorFormat: ErrorFormat, status: number, schema: Json): Json {
  if (errorFormat === standard) return schema;
  return {
    type: 'object',
    required: ['code', 'data'],
    properties: {
      code: { type: 'integer', minimum: status, maximum: status, description: 'The HTTP status.' },
      data: schema.type === 'null' ? { ...schema, description: 'Always null.' } : schema,
    },
  };
}
