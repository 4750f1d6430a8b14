import { ApiError, errors, ValidationError } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import { markForErasure } from '../repositories/customers.ts';
import type { CleanImage } from './picture.ts';
import { dropImage, keepImage } from './store.ts';

/**
 * Saves what may have an image of a customer's: by its URL, or as a file, which is kept first and dropped again where `save`
 * refuses.
 */
export async function savingImage<U extends string | null | undefined, T>(
  customerId: number,
  image: U | CleanImage,
  save: (url: U | string) => Promise<T>,
): Promise<T> {
  if (image === null || typeof image !== 'object') return save(image);
  const url = await keepImage(customerId, image);
  return save(url).catch(async (error) => {
    if (isGone(error)) await markForErasure(customerId);
    else if (isRefusal(error)) await dropQuietly(customerId, url);
    throw error;
  });
}

/** An image that cannot be dropped now is no reason to refuse a change; it goes when the customer goes. */
export async function dropQuietly(customerId: number, url: string | null): Promise<void> {
  if (!url) return;
  await dropImage(customerId, url).catch((error) =>
    logger().warn('An image was left behind.', { error: loggable(error) }),
  );
}

/** The worker that erases a customer may have been here already; it has to come again for what was uploaded meanwhile. */
function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.problem === 'authenticationFailed';
}

/** Any other error may hide that the change was made, and then the image is in use. */
function isRefusal(error: unknown): boolean {
  return error instanceof ValidationError || (error instanceof ApiError && errors[error.problem].status < 429);
}
