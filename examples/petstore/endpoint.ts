import { endpointsWith } from '../../lib/http/endpoint.ts';
import { describeProblem, type ErrorFormat } from '../../lib/http/errorFormats.ts';
import { json } from '../../lib/http/jsonBody.ts';

/** What is wrong with a request itself. */
const aboutInput = ['invalid', 'parse_error', 'wrong_credentials'];

/** Every error as an ApiResponse; `invalid` is the status for wrong input, `invalidId` for an id in it, as documented. */
export function petstore(invalid: number, invalidId = invalid): ErrorFormat {
  return {
    badFieldsStatus: invalid,
    refusesPaths: true,
    success: (_, body) => body,
    failure(error, language) {
      const { status, headers, code: type, texts, fields } = describeProblem(error);
      const isId = fields.some(({ attr }) => attr === 'id' || attr === 'petId');
      const code = !aboutInput.includes(type) ? status : isId ? invalidId : invalid;
      const message = fields.map(({ attr, texts }) => `${attr}: ${texts[language]}`).join(' ') || texts[language];
      return { status: code, headers, body: { code, type, message } };
    },
  };
}

/** Clients of the published document call their JSON so where it names no type. */
const accepts = { ...json, mediaType: 'text/plain' };
/** Most operations document 400 for wrong input, the strict ones 405. */
export const endpoint = endpointsWith({ dialect: petstore(400), accepts, needsBody: true });
export const strict = petstore(405);
