import { createHash } from 'node:crypto';
import * as z from 'zod';
import { config } from '../config/config.ts';
import { Customer } from '../customers/customerRepository.ts';
import { readPhoneOwner } from '../customers/phoneClaims.ts';
import { isSuspended } from '../customers/suspension.ts';
import { fail } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import { type IdempotencyRecord, recordWrite } from '../idempotency/idempotencyRecord.ts';
import * as otps from '../otp/otpAttempts.ts';
import type { UsedFor } from '../otp/otpRepository.ts';
import type { Write } from '../table/expressions.ts';
import { profileKey, sessionKey, walletKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { Wallet } from '../wallet/walletRepository.ts';
import { isActive, isUnused, Session } from './sessionRepository.ts';

/** Identifies a client by its network and by what it sends about its device. */
export function toClientHash(...parts: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('base64url');
}

/**
 * Returns a session for a repeated sign-in: an active one whose first refresh token has not been
 * used. The access token may have been used, because no request records its use.
 */
async function findUnusedSession(customerId: number, sessionId: number) {
  const [customer, wallet, session] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: walletKey(customerId), as: Wallet },
    { key: sessionKey(customerId, sessionId), as: Session },
  ]);
  if (!customer || !wallet || !session) return undefined;
  const isOpen = isActive(session, customer) && !isSuspended(customer);
  return isOpen && isUnused(session) ? { customer, wallet, session } : undefined;
}

/**
 * Returns the idempotency record's identity of a sign-in with a password. Another device or network
 * with the same key is another client.
 */
export function toSignInRequest(
  { keyHash, requestHash }: IdempotentRequest,
  { network, deviceToken }: { network: string; deviceToken?: string | null | undefined },
): IdempotentRequest {
  return { keyHash: toClientHash(keyHash, network, deviceToken), requestHash };
}

/** Transaction write: record the session of a sign-in, so that it can be repeated for a while. */
export function recordSessionWrite(
  { customerId, id: sessionId }: Session,
  request: IdempotentRequest,
  replaced?: IdempotencyRecord,
): Write {
  return recordWrite(customerId, request, { result: { sessionId }, seconds: config.signInRepeatSeconds, replaced });
}

export function findRecordedSession(customerId: number, { result }: IdempotencyRecord) {
  return findUnusedSession(customerId, z.int().parse(result.sessionId));
}

interface Repetition {
  phone: string;
  client: string;
  request: IdempotentRequest | undefined;
}

/**
 * Returns the session of an OTP that has signed in, to the client that used it. The OTP of this
 * request was right.
 * @throws otpExpired for any other client, idempotencyKeyConflict
 */
export async function repeatSignIn(
  otp: otps.OtpAttempt,
  usedFor: UsedFor | undefined,
  { phone, client, request }: Repetition,
) {
  // The OTP was right, so it counts as no guess.
  await otps.refundAttempt(otp);
  if (usedFor?.client !== client) return fail('otpExpired');
  if (usedFor.requestHash !== (request?.requestHash ?? '')) return fail('idempotencyKeyConflict');
  const ownerId = await readPhoneOwner(phone);
  const repeated = ownerId === undefined ? undefined : await findUnusedSession(ownerId, usedFor.sessionId);
  if (!repeated) return fail('otpExpired');
  return { ...repeated, isNew: usedFor.isNew };
}
