import * as countries from '../countries/countryRepository.ts';
import { fail } from '../errors.ts';
import { withUploadedImage } from '../images/saving.ts';
import { deleteImageBestEffort } from '../images/store.ts';
import { isSameImage } from '../images/urls.ts';
import { sendSecurityNotice } from '../messages/securityNotice.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { isFreshlyVerified } from '../sessions/freshVerification.ts';
import * as customers from './customerRepository.ts';
import { type Customer, showCustomer } from './customerSchema.ts';
import type { CustomerChanges } from './customerUpdateSchema.ts';
import { change } from './profileRepository.ts';

/**
 * Reads a customer as the table has them now.
 * @throws authenticationFailed if the customer has been deleted
 */
export async function readProfile(customerId: number): Promise<Customer> {
  const found = await customers.readWithWallet(customerId);
  if (!found) return fail('authenticationFailed');
  const { customer, wallet } = found;
  return showCustomer(customer, await countries.find(customer.countryCode), wallet);
}

/**
 * Changes a customer's profile, and deletes an image that was replaced.
 * @throws authenticationFailed if the customer has been deleted, and the errors of {@link change}
 */
export async function changeProfile(
  { customer, session }: Pick<SignedIn, 'customer' | 'session'>,
  fields: CustomerChanges,
  clientIp: string,
): Promise<void> {
  const { full_name, birth_date, primary_address, email, gender, language } = fields;
  const network = toClientNetwork(clientIp);
  await withUploadedImage(customer.id, fields.image, async (image) => {
    const changes = {
      fullName: full_name,
      image,
      birthDate: birth_date,
      primaryAddressId: primary_address,
      email,
      gender,
      language,
    };
    const before = await change(customer, changes, { isVerified: isFreshlyVerified(session), network });
    if (!before) return fail('authenticationFailed');
    const isReplaced = image !== undefined && !isSameImage(customer.id, image, before.image);
    if (isReplaced) await deleteImageBestEffort(customer.id, before.image);
    if (before.email && email !== undefined && email !== before.email) await sendSecurityNotice(before, 'email');
  });
}
