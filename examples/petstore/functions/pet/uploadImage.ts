import { multipart } from '../../../../lib/http/multipart.ts';
import { endpoint } from '../../endpoint.ts';
import { addPhoto } from '../../pets.ts';
import { Done, done, PetPath, Photo } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  {
    operationId: 'uploadFile',
    summary: 'Keep a photo of a pet.',
    auth: caller,
    params: PetPath,
    accepts: multipart,
    body: Photo,
    returns: { 200: Done },
  },
  async ({ params, body: { additionalMetadata = '', file } }) => {
    const url = await addPhoto(params.petId, file);
    return done(`additionalMetadata: ${additionalMetadata}\nFile uploaded to ${url}, ${file.bytes.length} bytes`);
  },
);
