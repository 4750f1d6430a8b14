import type { Customer } from '../customers/customerRepository.ts';
import type { ProfileChange } from '../devices/deviceLimit.ts';
import type { Language } from '../languages.ts';
import type { Write } from '../table/expressions.ts';
import { profileKey } from '../table/keys.ts';

/** Holds while the customer is there and has not signed in once more than was read. */
function noFurtherSignIn({ signIns }: Customer) {
  const same =
    signIns === 0 ? '(attribute_not_exists(#signIns) OR #signIns = :seenSignIns)' : '#signIns = :seenSignIns';
  return { condition: `attribute_exists(pk) AND ${same}`, values: { ':seenSignIns': signIns } };
}

/**
 * The write that counts a sign-in, and sets the language where one was sent. It is refused when
 * another sign-in has come first, for that has opened a session that this one has not seen. It may
 * count a device as well.
 */
export function countSignInWrite(
  customer: Customer,
  { language, count }: { language?: Language; count?: ProfileChange | undefined } = {},
): Write {
  const { condition, values } = noFurtherSignIn(customer);
  const assignments = [...(language ? ['#language = :language'] : []), ...(count ? [count.assignments] : [])];
  return {
    kind: 'update',
    key: profileKey(customer.id),
    expression: `${assignments.length > 0 ? `SET ${assignments.join(', ')} ` : ''}ADD #signIns :one`,
    condition: count ? `${condition} AND ${count.condition}` : condition,
    values: { ...values, ...count?.values, ':language': language, ':one': 1 },
  };
}

/** The write that holds while a customer is as they were read, and may set their e-mail address. */
export function checkUnchangedWrite(customer: Customer, email = customer.email): Write {
  return {
    kind: 'update',
    key: profileKey(customer.id),
    expression: 'SET #email = :email',
    condition: 'attribute_exists(pk) AND #email = :seenEmail',
    values: { ':email': email, ':seenEmail': customer.email },
  };
}

/**
 * The write that ends every session there is, also one that is being opened at this moment, and may
 * set the e-mail address. The caller's own can be made one of the next sign-in.
 */
export function revokeAllWrite(customer: Customer, { email = customer.email, next = customer.signIns } = {}): Write {
  const { condition, values } = noFurtherSignIn(customer);
  return {
    kind: 'update',
    key: profileKey(customer.id),
    expression: 'SET #endedSignIns = :seenSignIns, #signIns = :next, #email = :email',
    condition: `${condition} AND #email = :seenEmail`,
    values: { ...values, ':next': next, ':email': email, ':seenEmail': customer.email },
  };
}
