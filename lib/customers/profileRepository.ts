import { fail, failFields } from '../errors.ts';
import { toStoredImage } from '../images/urls.ts';
import { type Changes, setExpression, type Write } from '../table/expressions.ts';
import { addressKey, passwordKey, profileKey } from '../table/keys.ts';
import { transact } from '../table/table.ts';
import { type Customer, find } from './customerRepository.ts';
import { claimEmailWrites, hasUnverifiedEmail, releaseEmailWrite } from './emailClaims.ts';
import { countEmailLimitWrites, countTakenEmail, failOverLimit } from './emailLimits.ts';

export type ProfileChanges = Changes<
  Pick<Customer, 'fullName' | 'image' | 'birthDate' | 'primaryAddressId' | 'email' | 'gender' | 'language'>
>;

/**
 * Changes the given fields only, so that parallel changes of different fields both take effect. The
 * e-mail address moves in the same transaction, and a new one is not verified.
 * @param by whether the session is freshly verified, and the client network
 * @returns the customer before the change, or undefined if they have been deleted
 * @throws limitExceeded; throttled; reauthenticationRequired for an e-mail address that is verified
 * or that its owner logs in with, if the session is not freshly verified; `unique` for an e-mail
 * address of another customer; `does_not_exist` for an address that is not the customer's
 */
export async function change(
  customer: Customer,
  changes: ProfileChanges,
  by: { isVerified: boolean; network: string },
): Promise<Customer | undefined> {
  if (!setExpression(changes).expression) return customer;
  // An image that is stored by its URL moves to its key, unless the change replaces it.
  const { image = toStoredImage(customer.id, customer.image) } = changes;
  const { email = customer.email, primaryAddressId } = changes;
  const isEmailChanged = email !== customer.email;
  if (isEmailChanged && customer.isEmailVerified && !by.isVerified) return fail('reauthenticationRequired');
  const update = setExpression({
    ...changes,
    ...(image !== customer.image && { image }),
    ...(isEmailChanged && { isEmailVerified: false }),
  });
  const seenVerified = customer.isEmailVerified ? '#isEmailVerified = :yes' : hasUnverifiedEmail;
  const writes: Record<string, Write> = {
    profile: {
      kind: 'update',
      key: profileKey(customer.id),
      expression: update.expression,
      // The change releases the old e-mail address and the old image, so both must be the ones that
      // were read.
      condition: [
        'attribute_exists(pk) AND #email = :seenEmail AND #image = :seenImage',
        ...(isEmailChanged ? [seenVerified] : []),
      ].join(' AND '),
      values: {
        ...update.values,
        ':yes': true,
        ':no': false,
        ':seenEmail': customer.email,
        ':seenImage': customer.image,
      },
    },
  };
  if (primaryAddressId) {
    const key = addressKey(customer.id, primaryAddressId);
    writes.address = { kind: 'check', key, condition: 'attribute_exists(pk)' };
  }
  if (isEmailChanged) {
    if (email) Object.assign(writes, countEmailLimitWrites(customer.id, by.network), claimEmailWrites(customer, email));
    if (customer.email) writes.release = releaseEmailWrite(customer.email);
    // With a password, the e-mail address logs in to the account.
    if (!by.isVerified)
      writes.noPassword = { kind: 'check', key: passwordKey(customer.id), condition: 'attribute_not_exists(pk)' };
  }

  const result = await transact(Object.values(writes));
  if (result.done) return customer;
  const rejected = new Set(Object.keys(writes).filter((_, index) => result.rejected[index]));
  failOverLimit(writes, result.rejected);
  if (rejected.has('noPassword')) return fail('reauthenticationRequired');
  if (rejected.has('profile')) {
    const current = await find(customer.id);
    return current && change(current, changes, by);
  }
  if (rejected.has('claim') || rejected.has('noLostEmail')) await countTakenEmail(by.network, customer.id);
  return failFields(
    ...(rejected.has('address') ? [{ attr: 'primary_address', code: 'does_not_exist' } as const] : []),
    ...(rejected.has('claim') || rejected.has('noLostEmail') ? [{ attr: 'email', code: 'unique' } as const] : []),
  );
}
