import { daySeconds, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { revokeAllForOthersWrite } from '../sessions/sessionGeneration.ts';
import type { Write } from '../table/expressions.ts';
import { phoneClaimKey, profileKey } from '../table/keys.ts';
import { write } from '../table/table.ts';
import type { Customer } from './customerRepository.ts';
import { deleteDuePhoneChangeWrite } from './phoneChange.ts';
import type { PhoneClaim } from './phoneClaims.ts';

/** Returns whether the phone of an account may belong to a new person by now. */
export function isDormant({ lastUsedAtSeconds, createdAtSeconds }: Customer): boolean {
  const { dormantAfterDays } = config;
  if (dormantAfterDays === 0) return false;
  return nowSeconds() - (lastUsedAtSeconds ?? createdAtSeconds) >= dormantAfterDays * daySeconds;
}

/** Refreshes are recorded once a week, because each record costs a write. */
const recordedEverySeconds = 7 * daySeconds;

/** Records that an account is in use, if the last record is old. */
export async function recordUse({ id, lastUsedAtSeconds }: Customer): Promise<void> {
  const now = nowSeconds();
  if (lastUsedAtSeconds !== null && now - lastUsedAtSeconds < recordedEverySeconds) return;
  await write(recordUseWrite(id));
}

export function recordUseWrite(customerId: number): Write & { kind: 'update' } {
  return {
    kind: 'update',
    key: profileKey(customerId),
    expression: 'SET #lastUsedAtSeconds = :now',
    condition: 'attribute_exists(pk)',
    values: { ':now': nowSeconds() },
  };
}

/**
 * Parks an account whose phone may have been recycled: revokes every session and moves the phone to
 * a new customer. `phone` replaces the claim of a free phone. The owner can still log in by e-mail
 * address and password.
 */
export function parkCustomerWrites(customer: Customer, newCustomerId: number): Record<string, Write> {
  const { id, phoneNumber, phoneChange } = customer;
  const item = { customerId: newCustomerId, isVerified: true } satisfies PhoneClaim;
  const condition = '#customerId = :owner';
  return {
    phone: { kind: 'put', key: phoneClaimKey(phoneNumber), item, condition, values: { ':owner': id } },
    parked: revokeAllForOthersWrite(customer, { phoneNumber: '', parkedAtSeconds: nowSeconds() }),
    ...(phoneChange && { due: deleteDuePhoneChangeWrite(id, phoneChange) }),
  };
}
