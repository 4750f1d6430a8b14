import { markForErasure } from '../customers/customerRepository.ts';
import { ApiError, errors, ValidationError } from '../errors.ts';
import type { CleanImage } from './picture.ts';
import { deleteImageBestEffort, storeImage } from './store.ts';
import { toStoredImage } from './urls.ts';

/**
 * Stores a customer's image and calls `save` with the stored form. An image may be a URL or a file.
 * A file is uploaded first, and deleted again if `save` rejects the change.
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
    if (isDeleted(error)) await markForErasure(customerId);
    else if (isRejection(error)) await deleteImageBestEffort(customerId, key);
    throw error;
  });
}

/**
 * Returns whether the customer has been deleted. The worker that erases them may have finished
 * already, so it has to run again for the new upload.
 */
function isDeleted(error: unknown): boolean {
  return error instanceof ApiError && error.errorName === 'authenticationFailed';
}

/**
 * Returns whether the change was certainly not made. After any other error the image may be in use.
 */
function isRejection(error: unknown): boolean {
  if (error instanceof ValidationError) return true;
  return error instanceof ApiError && (errors[error.errorName].status < 429 || error.errorName === 'limitExceeded');
}
