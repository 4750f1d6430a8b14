import * as z from 'zod';
import { isoTime, nowSeconds } from '../clock.ts';
import { fail } from '../errors.ts';
import type { Language } from '../languages.ts';
import type { Item } from '../table/expressions.ts';
import type { Customer } from './customerRepository.ts';

type Suspended = Pick<Customer, 'suspendedAtSeconds' | 'suspensionEndsAtSeconds' | 'suspensionMessage'>;

/** Returns whether a customer is suspended now. A suspension with an end lifts itself. */
export function isSuspended({ suspendedAtSeconds, suspensionEndsAtSeconds }: Suspended): boolean {
  if (suspendedAtSeconds === null) return false;
  return suspensionEndsAtSeconds === null || suspensionEndsAtSeconds > nowSeconds();
}

/**
 * Rejects the sign-in of a suspended customer. Call it only after the OTP or password was right:
 * strangers must not learn who is suspended.
 * @throws accountSuspended
 */
export function failSuspended({ suspensionMessage }: Suspended, language: Language): never {
  return fail('accountSuspended', { texts: suspensionMessage ?? undefined, language });
}

/** Returns the condition of a write that a suspended customer must not make. */
export function whileNotSuspended(): { condition: string; values: Item } {
  return {
    condition: '(NOT attribute_type(#suspendedAtSeconds, :number) OR #suspensionEndsAtSeconds <= :now)',
    values: { ':number': 'N', ':now': nowSeconds() },
  };
}

export const Suspension = z.object({
  suspended_at: z.iso.datetime(),
  until: z.iso.datetime().nullable().describe('Null until an operator restores the customer.'),
  message: z.object({ en: z.string(), ar: z.string() }).nullable(),
});

export function showSuspension(customer: Suspended): z.input<typeof Suspension> | null {
  const { suspendedAtSeconds, suspensionEndsAtSeconds, suspensionMessage: message } = customer;
  if (suspendedAtSeconds === null || !isSuspended(customer)) return null;
  return {
    suspended_at: isoTime(suspendedAtSeconds),
    until: suspensionEndsAtSeconds === null ? null : isoTime(suspensionEndsAtSeconds),
    message,
  };
}
