import { endpointsWith } from '../../lib/http/endpoint.ts';
import { describeProblem, type ErrorFormat } from '../../lib/http/errorFormats.ts';
import { json } from '../../lib/http/jsonBody.ts';

const inputErrorTypes = ['invalid', 'parse_error', 'wrong_credentials'];

/**
 * Formats errors as an ApiResponse. The document states the statuses: `invalid` for wrong input,
 * and `invalidId` for a wrong id.
 */
export function petstore(invalid: number, invalidId = invalid): ErrorFormat {
  return {
    badFieldsStatus: invalid,
    rejectsPaths: true,
    success: (_, body) => body,
    failure(error, language) {
      const { status, headers, code: type, texts, fields } = describeProblem(error);
      const isId = fields.some(({ attr }) => attr === 'id' || attr === 'petId');
      const code = !inputErrorTypes.includes(type) ? status : isId ? invalidId : invalid;
      const message = fields.map(({ attr, texts }) => `${attr}: ${texts[language]}`).join(' ') || texts[language];
      return { status: code, headers, body: { code, type, message } };
    },
  };
}

/** Clients of the published document send JSON as `text/plain` if it names no media type. */
const accepts = { ...json, mediaType: 'text/plain' };
/** Most operations document 400 for wrong input. The strict ones document 405. */
export const endpoint = endpointsWith({ errorFormat: petstore(400), accepts, needsBody: true });
export const strict = petstore(405);
