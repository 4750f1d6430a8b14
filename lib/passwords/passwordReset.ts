import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { UniqueClaim } from '../customers/customerRepository.ts';
import { failSuspended, isSuspended } from '../customers/suspension.ts';
import { ApiError, fail, failFields } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import { countSendOfNetwork } from '../messages/smsCaps.ts';
import { readDeviceToken } from '../otp/deviceToken.ts';
import * as otps from '../otp/otpAttempts.ts';
import { readOtpSecrets } from '../otp/otpHash.ts';
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

const type = 'password_reset';

interface ResetRequest extends Identifier {
  deviceToken: string | null | undefined;
  clientIp: string;
}

/**
 * Sends an OTP to the verified phone of an account. The client cannot tell whether there is an
 * account: response, counts, limits and failures to send are the same. So is the duration, unless
 * SNS takes longer than passwordRequestMs.
 * @throws limitExceeded, unavailable
 */
export async function sendResetOtp(request: ResetRequest): Promise<void> {
  const { clientIp } = request;
  await readOtpSecrets();
  await limitCalls(toClientNetwork(clientIp), 'PASSWORD_REQUESTS', config.passwordRequestsPerNetworkPerHour);
  await Promise.all([sendIfKnown(request), setTimeout(config.passwordRequestMs)]);
}

async function sendIfKnown({ deviceToken, clientIp, ...identifier }: ResetRequest): Promise<void> {
  const [accounts, tokenCustomerId] = await Promise.all([findAccounts(identifier), readDeviceToken(deviceToken)]);
  const [{ customer }] = accounts;
  const owned = customer?.phoneNumber && { number: customer.phoneNumber, country: customer.countryCode };
  const phone = owned || identifier.phone;
  const caller = {
    network: toClientNetwork(clientIp),
    hasDeviceToken: tokenCustomerId !== undefined && isOwnedBy(tokenCustomerId, accounts),
  };
  try {
    // Counted in every case and never undone, because the client's next sends would show the
    // difference.
    const { done } = caller.hasDeviceToken ? { done: true } : await countSendOfNetwork(caller.network);
    if (!done || !phone) return;
    const language = customer?.language ?? 'en';
    await sendOtp({ phone, type, appId: undefined, language, caller, isClientCounted: true, isDecoy: !owned });
  } catch (error) {
    if (error instanceof ApiError) logger().info('password_reset_otp_not_sent', { problem: error.errorName });
    else logger().error('password_reset_otp_not_sent', { error: loggable(error) });
  }
}

interface Reset extends ResetRequest {
  code: string;
  password: string;
}

/**
 * Sets the password of an account whose verified phone received the OTP, and revokes all its
 * sessions.
 * @throws wrongCode if the OTP or the account is wrong; accountSuspended once the OTP was right;
 * limitExceeded; throttled; `too_common` for a password that is the account's e-mail address or
 * phone
 */
export async function resetPassword({ code, password, deviceToken, clientIp, ...identifier }: Reset): Promise<void> {
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
  const phone = customer?.phoneNumber || identifier.phone?.number || target;
  const [otp, [lost]] = await Promise.all([
    findMatchingOtp({ ...admission, phone }, code),
    readAll([{ key: lostEmailKey(customer?.email ?? ''), as: UniqueClaim }]),
  ]);
  if (!customer?.phoneNumber || !otp) {
    if (otp) await otps.refundAttempt(otp);
    return fail('wrongCode');
  }
  if (isSuspended(customer)) {
    await Promise.all([otps.refundAttempt(otp), otp.refund?.(), attempt.undo()]);
    return failSuspended(customer, customer.language);
  }
  if (isGuessable(password, { email: customer.email, phone })) {
    await Promise.all([otps.refundAttempt(otp), attempt.undo()]);
    return failFields({ attr: 'password', code: 'too_common' });
  }
  const hash = await hashPassword(password);
  // Another account that lost the e-mail address still logs in with it, so its failures stay.
  const names = lost ? [phone] : [phone, customer.email];
  const isDone = await changePassword(customer.id, {
    hash,
    network,
    otp,
    otherWrites: [
      attempt.resetFailures,
      ...names.filter(Boolean).map((key) => loginFailures.resetFailuresWrite(key, network)),
    ],
  });
  if (!isDone) fail('wrongCode');
}

const isOwnedBy = (customerId: number, [{ customer }]: readonly [Account, ...Account[]]) =>
  customer?.id === customerId && customer.phoneNumber !== '';
