import { again, retry } from '../backOff.ts';
import * as countries from '../countries/countryRepository.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { isDormant, parkCustomerWrites } from '../customers/dormancy.ts';
import { deleteDueWrites } from '../customers/phoneChange.ts';
import { announceCancelled } from '../customers/phoneChangeNotices.ts';
import { failSuspended, isSuspended } from '../customers/suspension.ts';
import type { Registration } from '../devices/device.ts';
import { admit } from '../devices/deviceLimit.ts';
import * as devices from '../devices/deviceRepository.ts';
import { evictDeviceWrites, registerDeviceWrites } from '../devices/deviceWrites.ts';
import { toCanonicalToken } from '../devices/pushTokens.ts';
import { fail } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import type { Language } from '../languages.ts';
import * as otps from '../otp/otpAttempts.ts';
import type { UsedFor } from '../otp/otpRepository.ts';
import { countNetworkLimits, type OtpCaller, verifyOtp } from '../otp/verifyOtp.ts';
import { transact } from '../table/table.ts';
import { makeEmptyWallet, type Wallet } from '../wallet/walletRepository.ts';
import { createSessionWrites } from './createSession.ts';
import { makeCustomer, readClaims, readCustomer } from './phoneAccount.ts';
import { repeatSignIn, toClientHash } from './repeatedSignIn.ts';
import { checkSecondProof, type SecondProof } from './secondProof.ts';
import { countSignInWrite } from './sessionGeneration.ts';
import type * as sessions from './sessionRepository.ts';
import { mostTransactionWrites } from './signOut.ts';

interface SignIn {
  phone: Phone;
  code: string;
  caller: OtpCaller;
  /** Its push token is empty if the app has none. Then no device is registered. */
  device: Registration;
  language: Language;
  proof: SecondProof;
  /** The device token of the request. It identifies the client if the request is repeated. */
  deviceToken: string | null | undefined;
  idempotency: IdempotentRequest | undefined;
}

interface Outcome {
  customer: customers.Customer;
  country: countries.Country;
  wallet: Wallet;
  session: sessions.Session;
  isNew: boolean;
}

/** A sign-in starts over if its phone or push token changes hands meanwhile. */
const mostAttempts = 40;

/**
 * Signs in the owner of a phone, or signs them up. One transaction consumes the OTP and creates the
 * customer, the device and the session. So nothing is left half done, and parallel requests with
 * one OTP create one session. An account that has not verified the phone loses it to the new one. A
 * client that lost the response may repeat the request, and gets the same session.
 * @throws otpInvalid, otpExpired, otpAttemptLimit, accountSuspended, idempotencyKeyConflict, and
 * the errors of {@link checkSecondProof}
 */
export async function signIn(request: SignIn): Promise<Outcome> {
  const { phone, code, caller, device: given, language, idempotency } = request;
  const device = { ...given, registrationId: toCanonicalToken(given.registrationId, given.type) };
  const [admission, firstClaims, country] = await Promise.all([
    countNetworkLimits(phone.number, 'customer_auth', caller),
    readClaims(phone.number, given),
    countries.find(phone.country),
  ]);
  let claims = firstClaims;
  const hasPushToken = device.registrationId !== '';
  const isAdded = () => hasPushToken && claims.pushToken?.customerId !== claims.phone?.customerId;
  // The time until a wrong OTP is rejected must not tell whether the phone has an account.
  const readExisting = () => readCustomer(claims.phone?.customerId ?? customers.noCustomerId, isAdded());
  const [otp, firstExisting] = await Promise.all([verifyOtp(admission, code), readExisting()]);
  const { registrationId, type, deviceId } = device;
  const client = toClientHash(
    caller.network,
    registrationId,
    type,
    deviceId,
    request.deviceToken,
    idempotency?.keyHash,
  );
  const repeat = async (usedFor: UsedFor | undefined) => ({
    ...(await repeatSignIn(otp, usedFor, { phone: phone.number, client, request: idempotency })),
    country,
  });
  if (otp.code.usedFor) {
    const outcome = await repeat(otp.code.usedFor);
    await otp.refund?.();
    return outcome;
  }
  let existing = firstExisting;
  let second: Awaited<ReturnType<typeof checkSecondProof>> | undefined;
  if (await devices.moveToCanonicalToken(given, claims.otherPushTokens)) {
    claims = await readClaims(phone.number, given);
    existing = await readExisting();
  }
  return retry(async (attempt) => {
    // The customer may have moved to another phone since the claims were read.
    if (existing && existing.customer.phoneNumber !== phone.number) {
      claims = await readClaims(phone.number, given);
      existing = await readExisting();
      return again;
    }
    if (existing && isSuspended(existing.customer)) {
      // The OTP was right, so it counts as no guess.
      await Promise.all([otps.refundAttempt(otp), attempt === 1 && otp.refund?.()]);
      return failSuspended(existing.customer, language);
    }
    const dormant = existing && !caller.hasDeviceToken && isDormant(existing.customer) ? existing.customer : undefined;
    // The phone may be another account's since the last attempt, or its owner has just logged in.
    if (second?.customerId !== dormant?.id) second = undefined;
    if (dormant && !second) {
      second = await checkSecondProof(dormant, request.proof, { network: caller.network, language }).catch(
        async (error) => {
          // The OTP was right, and the client sends it again with the second proof.
          await Promise.all([otps.refundAttempt(otp), attempt === 1 && otp.refund?.()]);
          throw error;
        },
      );
    }
    const parked = second?.isNewAccount ? dormant : undefined;
    const account = parked ? undefined : existing;
    const isKnown = caller.hasDeviceToken || (hasPushToken && !isAdded());
    const customer = { ...(account?.customer ?? makeCustomer(phone, Number(hasPushToken))), language };
    const { evicted, count } =
      account && hasPushToken ? admit(account.customer, account.registered, device, attempt - 1) : { evicted: [] };
    const { session, writes } = createSessionWrites(
      customer.id,
      {
        registrationId: device.registrationId,
        signIn: account ? account.customer.signIns + 1 : 0,
        isNewDevice: account !== undefined && !isKnown,
      },
      account && { ...account, registered: account.registered.filter((other) => !evicted.includes(other)) },
    );
    const all = [
      otps.useOtpWrite(otp, {
        sessionId: session.id,
        isNew: !account,
        client,
        requestHash: idempotency?.requestHash ?? '',
      }),
      ...(account
        ? [
            countSignInWrite(account.customer, { language, count: isAdded() ? count : undefined }),
            ...deleteDueWrites(account.customer),
          ]
        : Object.values({
            ...customers.createCustomerWrites(customer, country.currency, claims.unverified),
            ...(parked && parkCustomerWrites(parked, customer.id)),
          })),
      ...(second?.writes ?? []),
      ...(hasPushToken ? registerDeviceWrites(session, device, claims.pushToken) : []),
      ...evicted.flatMap((other) => evictDeviceWrites(customer.id, other)),
      ...writes,
    ];
    // The last writes deactivate devices. If they do not fit, a worker makes them.
    const writing = transact(all.slice(0, mostTransactionWrites));
    const [result] = await Promise.all([writing, attempt === 1 && otp.refund?.()]);
    if (result.done) {
      await Promise.all([second?.settle?.(), account && announceCancelled(account.customer)]);
      const wallet = account?.wallet ?? makeEmptyWallet(country.currency);
      return { customer, country, wallet, session, isNew: !account };
    }
    const [otpRejected] = result.rejected;
    if (!otpRejected && second?.writes.some((write) => result.rejected[all.indexOf(write)])) {
      await otps.refundAttempt(otp);
      return fail('otpExpired', { attr: 'email_otp' });
    }
    if (otpRejected) return repeat(otps.findUse(otp, otpRejected.old));
    claims = await readClaims(phone.number, given);
    existing = await readExisting();
    return again;
  }, mostAttempts);
}
