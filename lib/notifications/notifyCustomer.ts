import { nowMs } from '../clock.ts';
import { config } from '../config/config.ts';
import type { Customer } from '../customers/customerRepository.ts';
import type { Texts } from '../languages.ts';
import { newId } from '../table/ids.ts';
import { add } from './notificationRepository.ts';

interface AccountNotification {
  /** A notification with the id of an earlier one is not added again. */
  id?: number;
  title: Texts;
  body: Texts;
  data?: Record<string, string>;
  newSessionId?: number;
  /** Pushes it against the preferences, and even if it was read or deleted. */
  isSecurity?: boolean;
  createdAtMs?: number;
}

/** Tells a customer about a change of their account: in the inbox, and by a push. */
export async function notifyCustomer(
  customer: Customer,
  {
    id = newId(),
    title,
    body,
    data = {},
    newSessionId,
    isSecurity = false,
    createdAtMs = nowMs(),
  }: AccountNotification,
): Promise<void> {
  await add(customer, {
    id,
    type: 'other',
    title: title[customer.language],
    body: body[customer.language],
    data,
    ...(newSessionId !== undefined && { newSessionId }),
    isSecurity,
    createdAtMs,
    expiresAtSeconds: Math.floor(createdAtMs / 1000) + config.notificationSeconds,
  });
}
