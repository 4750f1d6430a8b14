import { markForErasure } from '../customers/customerRepository.ts';
import { ApiError, errors, ValidationError } from '../errors.ts';
import type { CleanImage } from './picture.ts';
import { deleteImageBestEffort, storeImage } from './store.ts';
import { toStoredImage } from './urls.ts';

/**
 * Saves what may have an image of a customer's: by its URL, or as a file, which is kept first and
 * dropped again where `save` refuses. `save` gets the image as it is stored.
 */
export async function withUploadedImage<U extends string | null | undefined, T>(
  customerId: number,
  image: U | CleanImage,
  save: (stored: U | string) => Promise<T>,
): Promise<T> {
  if (typeof image === 'string') return save(toStoredImage(customerId, image));
  if (image === null || typeof image !== 'object') return save(image);
  const key = await storeImage(customerId, image);
  return save(key).catch(async (error) => {
    if (isGone(error)) await markForErasure(customerId);
    else if (isRefusal(error)) await deleteImageBestEffort(customerId, key);
    throw error;
  });
}

/** The worker that erases a customer may have been here already; it has to come again for what was uploaded meanwhile. */
function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.errorName === 'authenticationFailed';
}

/** Any other error may hide that the change was made, and then the image is in use. */
function isRefusal(error: unknown): boolean {
  return error instanceof ValidationError || (error instanceof ApiError && errors[error.errorName].status < 429);
}
