import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import { type Customer, noCustomerId, UniqueClaim } from '../customers/customerRepository.ts';
import { isDormant } from '../customers/dormancy.ts';
import { failSuspended, isSuspended } from '../customers/suspension.ts';
import { ApiError, fail, failFields } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import { findRecord, recordWrite } from '../idempotency/idempotencyRecord.ts';
import { loggable, logger } from '../logger.ts';
import { sendSecurityNotice } from '../messages/securityNotice.ts';
import { countSendOfNetwork } from '../messages/smsCaps.ts';
import { readDeviceToken } from '../otp/deviceToken.ts';
import * as otps from '../otp/otpAttempts.ts';
import { readOtpSecrets } from '../otp/otpHash.ts';
import { sendEmailOtp } from '../otp/sendEmailOtp.ts';
import { sendOtp } from '../otp/sendOtp.ts';
import { countNetworkLimits, findMatchingOtp } from '../otp/verifyOtp.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { limitCalls } from '../rateLimits/rateLimits.ts';
import { lostEmailKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { changePassword } from './changePassword.ts';
import { type Account, findAccounts, type Identifier, toLoginKey } from './findAccounts.ts';
import { devicesOf } from './loginAttempts.ts';
import * as loginFailures from './loginFailures.ts';
import { hashPassword } from './passwordHash.ts';
import { isGuessable } from './passwordSchema.ts';
import { isSamePassword } from './samePassword.ts';

const type = 'password_reset';

interface ResetCaller extends Identifier {
  deviceToken: string | null | undefined;
  clientIp: string;
}

interface ResetRequest extends ResetCaller {
  channel?: 'sms' | 'email' | null | undefined;
}

/**
 * Sends an OTP to the verified phone of an account, or to its verified e-mail address. The client
 * cannot tell whether there is an account: response, counts, limits and failures to send are the
 * same. So is the duration, unless SNS or SES takes longer than passwordRequestMs.
 * @throws limitExceeded, unavailable
 */
export async function sendResetOtp(request: ResetRequest): Promise<void> {
  const { clientIp } = request;
  await readOtpSecrets();
  await limitCalls(toClientNetwork(clientIp), 'PASSWORD_REQUESTS', config.passwordRequestsPerNetworkPerHour);
  await Promise.all([sendIfKnown(request), setTimeout(config.passwordRequestMs)]);
}

async function sendIfKnown({ deviceToken, clientIp, channel, ...identifier }: ResetRequest): Promise<void> {
  const [accounts, tokenCustomerId] = await Promise.all([findAccounts(identifier), readDeviceToken(deviceToken)]);
  const [{ customer }] = accounts;
  const caller = {
    network: toClientNetwork(clientIp),
    hasDeviceToken: tokenCustomerId !== undefined && isOwnedBy(tokenCustomerId, accounts),
  };
  const send = { type, caller, language: customer?.language ?? 'en', isClientCounted: true } as const;
  const sendToPhone = (phone: Phone, isDecoy = false) => sendOtp({ ...send, phone, appId: undefined, isDecoy });
  const sendToEmail = (email: string, isDecoy = false) => sendEmailOtp({ ...send, email, isDecoy });
  const own = findVerifiedAddresses(customer);
  const toPhone = channel !== 'email' && own.phone;
  const toEmail = channel !== 'sms' && !toPhone && own.email;
  // Counted in every case and never undone, because the client's next sends would show the
  // difference.
  const { done } = caller.hasDeviceToken ? { done: true } : await countSendOfNetwork(caller.network);
  if (!done) return;
  // An address that the client named is counted even if nothing is sent to it.
  await Promise.all([
    toPhone && logFailure(sendToPhone(toPhone)),
    toEmail && logFailure(sendToEmail(toEmail)),
    channel !== 'email' && !toPhone && identifier.phone && logFailure(sendToPhone(identifier.phone, true)),
    channel === 'email' && !toEmail && identifier.email && logFailure(sendToEmail(identifier.email, true)),
  ]);
}

/** The phone of an account that was not used for a long time may belong to a new person. */
function findVerifiedAddresses(customer: Customer | undefined): { phone: Phone | undefined; email: string } {
  const { phoneNumber: number = '', countryCode: country = '', email = '', isEmailVerified } = customer ?? {};
  const hasPhone = customer && number && !isDormant(customer);
  return { phone: hasPhone ? { number, country } : undefined, email: isEmailVerified ? email : '' };
}

async function logFailure(sending: Promise<unknown>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    if (error instanceof ApiError) logger.info('password_reset_otp_not_sent', { problem: error.errorName });
    else logger.error('password_reset_otp_not_sent', { error: loggable(error) });
  }
}

interface Reset extends ResetCaller {
  code: string;
  password: string;
  idempotency: IdempotentRequest | undefined;
}

/**
 * Sets the password of an account whose verified phone or e-mail address received the OTP, and
 * revokes all its sessions.
 * @throws wrongCode if the OTP or the account is wrong; accountSuspended once the OTP was right;
 * limitExceeded; throttled; `too_common` for a password that is the account's e-mail address or
 * phone; idempotencyKeyConflict
 */
export async function resetPassword({
  code,
  password,
  deviceToken,
  clientIp,
  idempotency,
  ...identifier
}: Reset): Promise<void> {
  await readOtpSecrets();
  const name = `reset ${toLoginKey(identifier)}`;
  const network = toClientNetwork(clientIp);
  const tokenCustomerId = await readDeviceToken(deviceToken);
  const finding = findAccounts(identifier);
  const hasDeviceToken = tokenCustomerId !== undefined && isOwnedBy(tokenCustomerId, await finding);
  const [attempt, [{ customer }]] = await Promise.all([
    loginFailures.countAttempt(name, hasDeviceToken ? devicesOf(tokenCustomerId) : network, nowSeconds()),
    finding,
  ]);
  if (!attempt.done) return fail('limitExceeded', { retryAfterSeconds: attempt.waitSeconds });
  // The network's attempts count at the identifier. At the phone they would show whose e-mail
  // address it is, and whether there is an account.
  const target = `reset ${createHash('sha256').update(name).digest('base64url')}`;
  const admission = await countNetworkLimits(target, type, { network, hasDeviceToken }, { isHidden: true });
  const own = findVerifiedAddresses(customer);
  // An unknown account has as many OTPs to compare as a known one.
  const phone = own.phone?.number ?? identifier.phone?.number ?? target;
  const email = own.email || identifier.email || target;
  const [otp, [lost], repeated] = await Promise.all([
    findMatchingOtp(admission, code, [phone, email]),
    readAll([{ key: lostEmailKey(customer?.email ?? ''), as: UniqueClaim }]),
    idempotency && findRecord(customer?.id ?? noCustomerId, idempotency),
  ]);
  if (repeated && customer && (await isSamePassword(customer.id, password, network))) {
    await Promise.all([otp && otps.refundAttempt(otp), attempt.undo(), ...admission.counted.map(({ undo }) => undo())]);
    return;
  }
  const isOwn = otp && [own.phone?.number, own.email].includes(otp.address);
  if (!customer || !otp || !isOwn || repeated) {
    if (otp) await otps.refundAttempt(otp);
    if (repeated) return fail('idempotencyKeyConflict');
    return fail('wrongCode');
  }
  if (isSuspended(customer)) {
    await Promise.all([otps.refundAttempt(otp), otp.refund?.(), attempt.undo()]);
    return failSuspended(customer, customer.language);
  }
  if (isGuessable(password, { email: customer.email, phone: customer.phoneNumber })) {
    await Promise.all([otps.refundAttempt(otp), attempt.undo()]);
    return failFields({ attr: 'password', code: 'too_common' });
  }
  const hash = await hashPassword(password);
  // Another account that lost the e-mail address still logs in with it, so its failures stay.
  const names = lost ? [customer.phoneNumber] : [customer.phoneNumber, customer.email];
  const isDone = await changePassword(customer.id, {
    hash,
    network,
    otp,
    record: () => (idempotency ? [recordWrite(customer.id, idempotency)] : []),
    otherWrites: [
      attempt.resetFailures,
      ...names.filter(Boolean).map((key) => loginFailures.resetFailuresWrite(key, network)),
    ],
  });
  if (!isDone) fail('wrongCode');
  await noticeByOtherChannel(customer, otp.address);
}

/** Tells the verified address that did not get the OTP, because its owner may be another person. */
async function noticeByOtherChannel(customer: Customer, used: string): Promise<void> {
  const isByPhone = used === customer.phoneNumber;
  await sendSecurityNotice(
    isByPhone ? { ...customer, phoneNumber: '' } : { ...customer, isEmailVerified: false },
    'password',
  );
}

const isOwnedBy = (customerId: number, [{ customer }]: readonly [Account, ...Account[]]) =>
  customer?.id === customerId && (customer.phoneNumber !== '' || customer.isEmailVerified);
