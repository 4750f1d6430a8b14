import { fail, ValidationError } from './errors.ts';
import { dropImage, keepImage } from './images/store.ts';
import { loggable, logger } from './logger.ts';
import * as countries from './repositories/countries.ts';
import * as customers from './repositories/customers.ts';
import { type Customer, showCustomer } from './schemas/customer.ts';
import type { CustomerChanges } from './schemas/customerChanges.ts';

/**
 * A customer as they stand in the table now.
 * @throws authenticationFailed if they are gone
 */
export async function readProfile(customerId: number): Promise<Customer> {
  const found = await customers.withWallet(customerId);
  if (!found) return fail('authenticationFailed');
  return showCustomer(found.customer, await countries.find(found.customer.countryCode), found.wallet);
}

/**
 * Changes a customer's profile. An uploaded image is kept before the change and dropped again if that is refused; the image it
 * replaces is dropped afterwards.
 * @throws authenticationFailed if the customer is gone, and what {@link customers.change} throws
 */
export async function changeProfile(customer: customers.Customer, wanted: CustomerChanges): Promise<void> {
  const { full_name, image, birth_date, primary_address, email, gender, language } = wanted;
  const uploaded = image && typeof image === 'object' ? await keepImage(customer.id, image) : undefined;
  const changes = given({
    fullName: full_name,
    image: uploaded ?? (image as string | null | undefined),
    birthDate: birth_date,
    primaryAddressId: primary_address,
    email,
    gender,
    language,
  });
  const drop = (url: string | null | undefined) => (url ? dropQuietly(customer.id, url) : undefined);
  const before = await customers.change(customer, changes).catch(async (error) => {
    // Any other error may hide that the change was made, and then the image is in use.
    if (error instanceof ValidationError) await drop(uploaded);
    throw error;
  });
  if (!before) {
    // The worker may have been here already; it has to come again for the image that was uploaded meanwhile.
    if (uploaded) await customers.markForErasure(customer.id);
    return fail('authenticationFailed');
  }
  if (changes.image !== undefined && before.image !== changes.image) await drop(before.image);
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** An image that cannot be dropped now is no reason to refuse a change; it goes when the customer goes. */
async function dropQuietly(customerId: number, url: string): Promise<void> {
  await dropImage(customerId, url).catch((error) =>
    logger().warn('An image was left behind.', { error: loggable(error) }),
  );
}
