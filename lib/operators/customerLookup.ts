import * as z from 'zod';
import { isoTime } from '../clock.ts';
import { phoneNumber } from '../countries/phoneSchema.ts';
import { emailAddress } from '../customers/personFields.ts';
import { Suspension, showSuspension } from '../customers/suspension.ts';
import { Device, showDevice } from '../devices/deviceSchema.ts';
import { fail } from '../errors.ts';
import { code, id } from '../http/fields.ts';
import { languages } from '../languages.ts';
import { readPhoneWaits } from '../otp/phoneState.ts';
import { type Account, findAccounts, readAccount } from '../passwords/findAccounts.ts';
import { displayLastUseSeconds, isActive } from '../sessions/sessionRepository.ts';
import { findDeviceOf, Session, showSession } from '../sessions/sessionSchema.ts';
import { readSessionsAndDevices } from '../sessions/signOut.ts';
import { showWallet, Wallet } from '../wallet/walletSchema.ts';
import { customerId } from './operatorSchema.ts';

const identifiers = ['customer_id', 'phone_number', 'email'] as const;

/** Names a customer by exactly one of the three. */
export const CustomerLookup = z
  .object({
    customer_id: customerId.optional(),
    phone_number: phoneNumber.optional(),
    email: emailAddress().optional(),
  })
  .superRefine(
    (lookup, context) => {
      const given = identifiers.filter((name) => lookup[name] !== undefined);
      if (given.length === 0) context.addIssue({ code: 'custom', path: [], ...code('required') });
      for (const name of given.slice(1)) context.addIssue({ code: 'custom', path: [name], ...code('conflicting') });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  );
type CustomerLookup = z.output<typeof CustomerLookup>;

/** A customer as support sees them, without OTPs, tokens, push tokens and hashes. */
export const FoundCustomer = z.object({
  id,
  phone_number: z.string().describe('Empty if the customer has none.'),
  is_phone_verified: z.boolean(),
  email: z.string(),
  full_name: z.string(),
  language: z.enum(languages),
  country: z.string().describe('ISO 3166-1 alpha-2.'),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable().describe('The last use of an active session. Null without one.'),
  has_password: z.boolean(),
  suspension: Suspension.nullable(),
  parked_at: z.iso.datetime().nullable().describe('When the holder of a recycled phone started a new account.'),
  phone_change: z
    .object({ phone_number: z.string(), effective_at: z.iso.datetime() })
    .nullable()
    .describe('A change of the phone that waits.'),
  wallet: Wallet.nullable(),
  sessions: z.array(Session.omit({ current: true })),
  devices: z.array(Device.omit({ registration_id: true })),
  limits: z
    .object({
      next_send_in: z.int().describe('Seconds until the phone may get a code to sign in.'),
      next_attempt_in: z.int().describe('Seconds until such a code may be entered.'),
    })
    .nullable()
    .describe('The limits of an unknown device. Null without a phone. unlockPhone clears them.'),
});
type FoundCustomer = z.input<typeof FoundCustomer>;

/** No session has this id, so all show the hour of their last use only. */
const noSessionId = 0;

/** @throws customerNotFound */
export async function findCustomer(lookup: CustomerLookup): Promise<FoundCustomer> {
  const { customer, wallet, password } = await findAccount(lookup);
  if (!customer) return fail('customerNotFound');
  const phone = customer.phoneNumber || customer.unprovenPhone;
  const [{ open, registered }, waits] = await Promise.all([
    readSessionsAndDevices(customer.id),
    phone ? readPhoneWaits(phone) : undefined,
  ]);
  const sessions = open.filter((session) => isActive(session, customer));
  const lastUses = sessions.map((session) => displayLastUseSeconds(session, noSessionId));
  return {
    id: customer.id,
    phone_number: phone,
    is_phone_verified: customer.phoneNumber !== '',
    email: customer.email,
    full_name: customer.fullName,
    language: customer.language,
    country: customer.countryCode,
    created_at: isoTime(customer.createdAtSeconds),
    last_used_at: lastUses.length > 0 ? isoTime(Math.max(...lastUses)) : null,
    has_password: password !== undefined,
    suspension: showSuspension(customer),
    parked_at: customer.parkedAtSeconds === null ? null : isoTime(customer.parkedAtSeconds),
    phone_change: customer.phoneChange && {
      phone_number: customer.phoneChange.phoneNumber,
      effective_at: isoTime(customer.phoneChange.effectiveAtSeconds),
    },
    wallet: wallet ? showWallet(wallet) : null,
    sessions: sessions.map((session) => showSession(session, findDeviceOf(session, registered), noSessionId)),
    devices: registered.map(showDevice),
    limits: waits ? { next_send_in: waits.sendWaitSeconds, next_attempt_in: waits.attemptWaitSeconds } : null,
  };
}

/** Prefers the account that holds the phone or e-mail address now to one that has lost it. */
async function findAccount({ customer_id: customerId, phone_number: phone, email }: CustomerLookup): Promise<Account> {
  if (customerId !== undefined) return readAccount(customerId);
  const [holder, former] = await findAccounts({ phone, email });
  return holder.customer ? holder : former;
}
