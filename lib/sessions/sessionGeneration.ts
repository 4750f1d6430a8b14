import { nowSeconds } from '../clock.ts';
import type { Customer } from '../customers/customerRepository.ts';
import { samePhoneChange, whileNoPhoneChange } from '../customers/phoneChange.ts';
import { whileNotSuspended } from '../customers/suspension.ts';
import type { ProfileChange } from '../devices/deviceLimit.ts';
import type { Language } from '../languages.ts';
import { setExpression, type Write } from '../table/expressions.ts';
import { profileKey } from '../table/keys.ts';

/**
 * Returns the condition that the customer exists, and has neither signed in again nor requested or
 * cancelled a change of the phone since they were read.
 */
function sameGeneration(customer: Customer) {
  const { signIns } = customer;
  const same =
    signIns === 0 ? '(attribute_not_exists(#signIns) OR #signIns = :seenSignIns)' : '#signIns = :seenSignIns';
  const sameChange = samePhoneChange(customer);
  return {
    condition: `attribute_exists(pk) AND ${same} AND ${sameChange.condition}`,
    values: { ':seenSignIns': signIns, ...sameChange.values, ...whileNoPhoneChange.values },
  };
}

/** Returns the same condition, which also fails for a suspended customer. */
function sameGenerationNotSuspended(customer: Customer) {
  const { condition, values } = sameGeneration(customer);
  const allowed = whileNotSuspended();
  return { condition: `${condition} AND ${allowed.condition}`, values: { ...values, ...allowed.values } };
}

/**
 * Counts a sign-in, and sets the language if one was sent. The write fails after another sign-in,
 * because that one created a session which this one has not read. It may count a device as well.
 */
export function countSignInWrite(
  customer: Customer,
  { language, count }: { language?: Language; count?: ProfileChange | undefined } = {},
): Write {
  const { condition, values } = sameGenerationNotSuspended(customer);
  const assignments = [
    '#lastUsedAtSeconds = :usedAt',
    '#parkedAtSeconds = :notParked',
    // The owner has shown that the old phone or the password is not lost.
    '#phoneChange = :noChange',
    ...(language ? ['#language = :language'] : []),
    ...(count ? [count.assignments] : []),
  ];
  return {
    kind: 'update',
    key: profileKey(customer.id),
    expression: `SET ${assignments.join(', ')} ADD #signIns :one`,
    condition: count ? `${condition} AND ${count.condition}` : condition,
    values: {
      ...values,
      ...count?.values,
      ':usedAt': nowSeconds(),
      ':notParked': null,
      ':language': language,
      ':one': 1,
    },
  };
}

/** A new e-mail address is not verified. */
const assignEmail = (customer: Customer, email: string) =>
  email === customer.email ? ['#email = :email'] : ['#email = :email', '#isEmailVerified = :no'];

/** Checks that a customer is unchanged, drops a waiting change, and may set the e-mail address. */
export function checkUnchangedWrite(customer: Customer, email = customer.email): Write {
  const sameChange = samePhoneChange(customer);
  return {
    kind: 'update',
    key: profileKey(customer.id),
    expression: `SET ${[...assignEmail(customer, email), '#phoneChange = :noChange'].join(', ')}`,
    condition: `attribute_exists(pk) AND #email = :seenEmail AND #phoneNumber = :seenPhone AND ${sameChange.condition}`,
    values: {
      ':email': email,
      ':no': false,
      ':seenEmail': customer.email,
      ':seenPhone': customer.phoneNumber,
      ...sameChange.values,
      ...whileNoPhoneChange.values,
    },
  };
}

/**
 * Revokes every session, even one that another request is creating, and may set the e-mail address
 * or the verified phone. The caller's session survives if it moves to the next generation.
 */
export function revokeAllWrite(
  customer: Customer,
  { email = customer.email, phoneNumber = customer.phoneNumber, next = customer.signIns } = {},
): Write {
  const { condition, values } = sameGenerationNotSuspended(customer);
  const assignments = [
    '#endedSignIns = :seenSignIns',
    '#signIns = :next',
    ...assignEmail(customer, email),
    '#phoneNumber = :phone',
    ...(phoneNumber ? ['#unprovenPhone = :none'] : []),
    // A thief may have requested the waiting change.
    '#phoneChange = :noChange',
  ];
  return {
    kind: 'update',
    key: profileKey(customer.id),
    expression: `SET ${assignments.join(', ')}`,
    condition: `${condition} AND #email = :seenEmail AND #phoneNumber = :seenPhone`,
    values: {
      ...values,
      ':next': next,
      ':email': email,
      ':no': false,
      ':seenEmail': customer.email,
      ':phone': phoneNumber,
      ':seenPhone': customer.phoneNumber,
      ':none': '',
    },
  };
}

/**
 * Revokes every session without the customer, even of a suspended one. It drops a waiting change of
 * the phone, and may change other fields. The write fails after another sign-in, because that one
 * created a session which the caller has not read.
 */
export function revokeAllForOthersWrite(customer: Customer, fields: Partial<Customer> = {}): Write {
  const { condition, values } = sameGeneration(customer);
  const { expression, values: changed } = setExpression({
    ...fields,
    endedSignIns: customer.signIns,
    phoneChange: null,
  });
  return { kind: 'update', key: profileKey(customer.id), expression, condition, values: { ...values, ...changed } };
}
