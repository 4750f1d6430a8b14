import * as z from 'zod';
import { ServiceFailure } from '../aws/signedFetch.ts';
import { config } from '../config/config.ts';
import { ApiError, fail, failFields } from '../errors.ts';
import * as otps from '../otp/otpAttempts.ts';
import { countNetworkLimits, verifyOtp } from '../otp/verifyOtp.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { DailyLimit } from '../rateLimits/dailyLimit.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { requireFreshlyVerified } from '../sessions/freshVerification.ts';
import { checkSessionWrite } from '../sessions/sessionRepository.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import { type NewPhone, requireOtherPhone } from './changePhone.ts';
import type { Customer } from './customerRepository.ts';
import {
  hashSecret,
  makePhoneChange,
  newSecret,
  type PhoneChange,
  removePhoneChangeWrites,
  storePhoneChangeWrites,
  updatePhoneChange,
} from './phoneChange.ts';
import { announceRequest } from './phoneChangeNotices.ts';
import { checkUnverifiedPhoneWrite } from './phoneClaims.ts';

const requests = new DailyLimit('PHONE_CHANGES', 'requested', () => config.phoneChangeRequestsPerDay);

/** The part of a requested change that its response is made from. */
export const RequestedChange = z.object({ id: z.int(), effectiveAtSeconds: z.int() });
type RequestedChange = z.infer<typeof RequestedChange>;

/**
 * Requests a move to a new phone, which got the OTP, for a customer who can no longer use the old
 * one. The owner of the old phone and every signed-in device can cancel it until it takes effect.
 * @param linkBase the URL under which the link in the SMS opens
 * @throws phoneChangePending; reauthenticationRequired for a customer without a verified phone;
 * limitExceeded; idempotencyKeyConflict; the errors of changePhone and of announceRequest
 */
export async function requestPhoneChange(
  { customer, session }: SignedIn,
  { phone, otp: code, clientIp, record }: NewPhone,
  linkBase: string,
): Promise<RequestedChange> {
  if (customer.phoneChange) return fail('phoneChangePending');
  // No phone gets the link, so the session must show who its customer is.
  if (!customer.phoneNumber) requireFreshlyVerified(session);
  requireOtherPhone(customer, phone);
  const caller = { network: toClientNetwork(clientIp), hasDeviceToken: false };
  const otp = await verifyOtp(await countNetworkLimits(phone.number, 'phone_change', caller), code);
  const { change, secret } = makePhoneChange(phone.number, session.id);
  const writes = {
    otp: otps.consumeOtpWrite(otp),
    session: checkSessionWrite(session),
    ...storePhoneChangeWrites(customer.id, customer.phoneNumber, change),
    limit: requests.countWrite(customer.id),
    claim: checkUnverifiedPhoneWrite(phone.number),
  } satisfies Record<string, Write>;
  const { id, effectiveAtSeconds } = change;
  const records = record({ id, effectiveAtSeconds });
  const all = [...Object.values(writes), ...records];
  const [result] = await Promise.all([transact(all), otp.refund?.()]);
  if (!result.done) {
    // The OTP was right, so it counts as no guess.
    await otps.refundAttempt(otp);
    const rejected = new Map(Object.keys(writes).map((name, index) => [name, result.rejected[index]]));
    if (result.rejected[Object.keys(writes).length]) return fail('idempotencyKeyConflict');
    if (rejected.get('otp')) return fail('otpExpired');
    if (rejected.get('session')) return fail('tokenNotValid');
    if (rejected.get('customer')) return fail('phoneChangePending');
    const limit = rejected.get('limit');
    if (limit) return fail('limitExceeded', { retryAfterSeconds: requests.waitSeconds(limit.old) });
    return failFields({ attr: 'phone_number', code: 'unique' });
  }
  const link = linkTo(linkBase, customer.id, secret);
  await warnOwner(customer, change, link).catch(async (error) => {
    // The old phone cannot get the SMS. After a crash, a repetition sends it.
    if (error instanceof ApiError || error instanceof ServiceFailure) {
      const deletions = records.map(({ key }): Write => ({ kind: 'delete', key }));
      await transact([...removePhoneChangeWrites(customer.id, change), ...deletions]);
    }
    throw error;
  });
  return { id, effectiveAtSeconds };
}

/** Warns the owner of a change again, if the first request ended before it had done so. */
export async function repeatWarning(customer: Customer, { id }: RequestedChange, linkBase: string): Promise<void> {
  const change = customer.phoneChange;
  if (change?.id !== id || change.isWarned) return;
  const secret = newSecret();
  const isWaiting = await updatePhoneChange(customer.id, id, 'linkHash', hashSecret(secret));
  if (isWaiting) await warnOwner(customer, change, linkTo(linkBase, customer.id, secret));
}

const linkTo = (base: string, customerId: number, secret: string) => `${base}${customerId}.${secret}/`;

async function warnOwner(customer: Customer, change: PhoneChange, link: string): Promise<void> {
  await announceRequest(customer, change, link);
  await updatePhoneChange(customer.id, change.id, 'isWarned', true);
}
