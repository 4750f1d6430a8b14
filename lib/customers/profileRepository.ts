import { fail, failFields } from '../errors.ts';
import { toStoredImage } from '../images/urls.ts';
import { type Changes, type Item, setExpression, type Write } from '../table/expressions.ts';
import { addressKey, emailClaimKey, lostEmailKey, passwordKey, profileKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';
import { type Customer, find, UniqueClaim } from './customerRepository.ts';
import {
  checkTakenResponsesWrite,
  countEmailChangeWrite,
  countTakenEmail,
  emailChangeWait,
  takenWait,
} from './emailLimits.ts';

export type ProfileChanges = Changes<
  Pick<Customer, 'fullName' | 'image' | 'birthDate' | 'primaryAddressId' | 'email' | 'gender' | 'language'>
>;

/**
 * Changes the given fields only, so that parallel changes of different fields both take effect. The
 * e-mail address moves in the same transaction. An account without a verified phone loses its
 * e-mail address to a customer with one. Otherwise anyone could keep the owners of e-mail addresses
 * from using them.
 * @param by whether the session is freshly verified, and the client network
 * @returns the customer before the change, or undefined if they have been deleted
 * @throws limitExceeded; throttled; reauthenticationRequired for an e-mail address that its owner
 * logs in with, if the session is not freshly verified; `unique` for an e-mail address of another
 * customer; `does_not_exist` for an address that is not the customer's
 */
export async function change(
  customer: Customer,
  changes: ProfileChanges,
  { isVerified, network, holder }: { isVerified: boolean; network: string; holder?: Customer },
): Promise<Customer | undefined> {
  if (!setExpression(changes).expression) return customer;
  // An image that is stored by its URL moves to its key, unless the change replaces it.
  const { image = toStoredImage(customer.id, customer.image) } = changes;
  const update = setExpression({ ...changes, ...(image !== customer.image && { image }) });
  const { email = customer.email, primaryAddressId } = changes;
  const writes: Record<string, Write> = {
    profile: {
      kind: 'update',
      key: profileKey(customer.id),
      expression: update.expression,
      // The change releases the old e-mail address and the old image, so both must be the ones that
      // were read.
      condition: 'attribute_exists(pk) AND #email = :seenEmail AND #image = :seenImage',
      values: {
        ...update.values,
        ':seenEmail': customer.email,
        ':seenImage': customer.image,
      },
    },
  };
  if (primaryAddressId) {
    const key = addressKey(customer.id, primaryAddressId);
    writes.address = { kind: 'check', key, condition: 'attribute_exists(pk)' };
  }
  if (email !== customer.email) {
    if (email) Object.assign(writes, takeEmailWrites(customer, email, { network, holder }));
    if (customer.email) writes.release = { kind: 'delete', key: emailClaimKey(customer.email) };
    // With a password, the e-mail address logs in to the account.
    if (!isVerified)
      writes.noPassword = { kind: 'check', key: passwordKey(customer.id), condition: 'attribute_not_exists(pk)' };
  }

  const result = await transact(Object.values(writes));
  if (result.done) return customer;
  const rejected = new Set(Object.keys(writes).filter((_, index) => result.rejected[index]));
  failOverLimit(writes, result.rejected);
  if (rejected.has('noPassword')) return fail('reauthenticationRequired');
  if (rejected.has('profile') || rejected.has('holderProfile')) {
    const current = await find(customer.id);
    return current && change(current, changes, { isVerified, network });
  }
  if (rejected.has('claim') && !rejected.has('address')) {
    const yielding = await findYieldingHolder(email, customer);
    if (yielding) return change(customer, changes, { isVerified, network, holder: yielding });
  }
  if (rejected.has('claim') || rejected.has('noLostEmail')) await countTakenEmail(network, customer.id);
  return failFields(
    ...(rejected.has('address') ? [{ attr: 'primary_address', code: 'does_not_exist' } as const] : []),
    ...(rejected.has('claim') || rejected.has('noLostEmail') ? [{ attr: 'email', code: 'unique' } as const] : []),
  );
}

/**
 * Claims an e-mail address: a free one, or one that `holder` gives up. A holder without a verified
 * phone can still log in with it.
 */
export function takeEmailWrites(
  { id: customerId, phoneNumber }: Pick<Customer, 'id' | 'phoneNumber'>,
  email: string,
  { network, holder }: { network: string; holder: Customer | undefined },
): Record<string, Write> {
  const key = emailClaimKey(email);
  const item = { customerId } satisfies UniqueClaim;
  const limits = { emailChanges: countEmailChangeWrite(customerId), taken: checkTakenResponsesWrite(network) };
  if (!holder) {
    const condition = 'attribute_not_exists(pk)';
    const freeOrOwn = { condition: `${condition} OR #customerId = :own`, values: { ':own': customerId } };
    return {
      ...limits,
      claim: { kind: 'put', key, item, condition },
      // The customer who lost the e-mail still logs in with it. That would end if an unverified
      // holder lost it too.
      ...(!phoneNumber && { noLostEmail: { kind: 'check', key: lostEmailKey(email), ...freeOrOwn } }),
    };
  }
  const { lostEmail: before } = holder;
  return {
    ...limits,
    claim: { kind: 'put', key, item, condition: '#customerId = :holder', values: { ':holder': holder.id } },
    holderProfile: {
      kind: 'update',
      key: profileKey(holder.id),
      expression: 'SET #email = :none, #lostEmail = :email',
      condition:
        '#email = :email AND #phoneNumber = :none AND (attribute_not_exists(#lostEmail) OR #lostEmail = :before)',
      values: { ':none': '', ':email': email, ':before': before },
    },
    ...(before && before !== email && { oldLostEmail: { kind: 'delete', key: lostEmailKey(before) } }),
    lost: { kind: 'put', key: lostEmailKey(email), item: { customerId: holder.id } satisfies UniqueClaim },
  };
}

/**
 * Fails if a limit is exceeded, before the response can tell whether an e-mail address is taken.
 * @param writes with the writes of {@link takeEmailWrites}
 * @throws limitExceeded when the customer, or the client network, is over a limit
 */
export function failOverLimit(
  writes: Record<string, Write>,
  rejected: readonly ({ old: Item | undefined } | undefined)[],
): void {
  const findRejection = (name: string) => rejected[Object.keys(writes).indexOf(name)];
  if (findRejection('taken')) fail('limitExceeded', { retryAfterSeconds: takenWait() });
  const changes = findRejection('emailChanges');
  if (changes) fail('limitExceeded', { retryAfterSeconds: emailChangeWait(changes.old) });
}

/**
 * Returns the holder of an e-mail address who has to give it up to this customer, or undefined if
 * there is none.
 */
export async function findYieldingHolder(email: string, { phoneNumber }: Customer): Promise<Customer | undefined> {
  if (!phoneNumber) return undefined;
  const [claim] = await readAll([{ key: emailClaimKey(email), as: UniqueClaim }]);
  const holder = claim && (await find(claim.customerId));
  return holder && !holder.phoneNumber && holder.email === email ? holder : undefined;
}
