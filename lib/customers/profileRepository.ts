import { fail, failFields } from '../errors.ts';
import { toStoredImage } from '../images/urls.ts';
import {
  checkTakenResponsesWrite,
  countEmailChangeWrite,
  countTakenResponse,
  emailChangeWait,
  takenWait,
} from '../rateLimits/rateLimits.ts';
import { type Changes, type Item, setExpression, type Write } from '../table/expressions.ts';
import { addressKey, emailClaimKey, lostEmailKey, passwordKey, profileKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';
import { Customer, UniqueClaim } from './customerRepository.ts';

/** What a customer may change about themselves. */
export type ProfileChanges = Changes<
  Pick<Customer, 'fullName' | 'image' | 'birthDate' | 'primaryAddressId' | 'email' | 'gender' | 'language'>
>;

/**
 * Changes what is named and leaves the rest alone, so that two who change different fields both get
 * their way. The e-mail address moves in the same transaction. An account that never proved a phone
 * gives its address up to a customer who has: otherwise anybody could keep the owners of addresses
 * from using them. Answers the customer whom the change was made to; undefined if they are gone.
 * @param by whether the session is freshly proven, and the client network
 * @throws throttled; codeNeeded for an e-mail address that its owner logs in with, where the
 * session is not proven; `unique` for an e-mail address of somebody else, `does_not_exist` for an
 * address that is not the customer's
 */
export async function change(
  customer: Customer,
  changes: ProfileChanges,
  { isProven, network, holder }: { isProven: boolean; network: string; holder?: Customer },
): Promise<Customer | undefined> {
  if (!setExpression(changes).expression) return customer;
  // An image that is stored by its URL moves to its key, unless it is replaced.
  const { image = toStoredImage(customer.id, customer.image) } = changes;
  const update = setExpression({ ...changes, ...(image !== customer.image && { image }) });
  const { email = customer.email, primaryAddressId } = changes;
  const writes: Record<string, Write> = {
    profile: {
      kind: 'update',
      key: profileKey(customer.id),
      expression: update.expression,
      // What a change gives back, a claim or an image, must still be what was read.
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
    // With a password, the address opens the account.
    if (!isProven)
      writes.noPassword = { kind: 'check', key: passwordKey(customer.id), condition: 'attribute_not_exists(pk)' };
  }

  const result = await transact(Object.values(writes));
  if (result.done) return customer;
  const refused = new Set(Object.keys(writes).filter((_, index) => result.refused[index]));
  failOverLimit(writes, result.refused);
  if (refused.has('noPassword')) return fail('codeNeeded');
  if (refused.has('profile') || refused.has('loss')) {
    const [current] = await readAll([{ key: profileKey(customer.id), as: Customer }]);
    return current && change(current, changes, { isProven, network });
  }
  if (refused.has('claim') && !refused.has('address')) {
    const yielding = await findYieldingHolder(email, customer);
    if (yielding) return change(customer, changes, { isProven, network, holder: yielding });
  }
  if (refused.has('claim') || refused.has('othersLoss')) await countTakenResponse(network);
  return failFields(
    ...(refused.has('address') ? [{ attr: 'primary_address', code: 'does_not_exist' } as const] : []),
    ...(refused.has('claim') || refused.has('othersLoss') ? [{ attr: 'email', code: 'unique' } as const] : []),
  );
}

/**
 * The writes that claim an e-mail address: a free one, or that of a customer who has no proven
 * phone, who can go on logging in with it.
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
    const own = { condition: `${condition} OR #customerId = :own`, values: { ':own': customerId } };
    return {
      ...limits,
      claim: { kind: 'put', key, item, condition },
      // Who has lost it logs in with it, and could not any more if somebody else had it to lose.
      ...(!phoneNumber && { othersLoss: { kind: 'check', key: lostEmailKey(email), ...own } }),
    };
  }
  const { lostEmail: before } = holder;
  return {
    ...limits,
    claim: { kind: 'put', key, item, condition: '#customerId = :holder', values: { ':holder': holder.id } },
    loss: {
      kind: 'update',
      key: profileKey(holder.id),
      expression: 'SET #email = :none, #lostEmail = :email',
      condition:
        '#email = :email AND #phoneNumber = :none AND (attribute_not_exists(#lostEmail) OR #lostEmail = :before)',
      values: { ':none': '', ':email': email, ':before': before },
    },
    ...(before && before !== email && { forgotten: { kind: 'delete', key: lostEmailKey(before) } }),
    lost: { kind: 'put', key: lostEmailKey(email), item: { customerId: holder.id } satisfies UniqueClaim },
  };
}

/**
 * Fails before anything tells whether an address is taken.
 * @param writes with those of {@link takeEmailWrites}
 * @throws throttled when the customer, or the client network, is over a limit
 */
export function failOverLimit(
  writes: Record<string, Write>,
  refused: readonly ({ old: Item | undefined } | undefined)[],
): void {
  const refusalOf = (name: string) => refused[Object.keys(writes).indexOf(name)];
  if (refusalOf('taken')) fail('throttled', { retryAfterSeconds: takenWait() });
  const changes = refusalOf('emailChanges');
  if (changes) fail('throttled', { retryAfterSeconds: emailChangeWait(changes.old) });
}

/**
 * Who has an e-mail address and gives it up to a customer who wants it; undefined if nobody does.
 */
export async function findYieldingHolder(email: string, { phoneNumber }: Customer): Promise<Customer | undefined> {
  if (!phoneNumber) return undefined;
  const [claim] = await readAll([{ key: emailClaimKey(email), as: UniqueClaim }]);
  const [holder] = claim ? await readAll([{ key: profileKey(claim.customerId), as: Customer }]) : [];
  return holder && !holder.phoneNumber && holder.email === email ? holder : undefined;
}
