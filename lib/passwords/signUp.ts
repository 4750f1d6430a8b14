import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import * as countries from '../countries/countryRepository.ts';
import * as customers from '../customers/customerRepository.ts';
import { countTakenResponse, requireTakenResponsesLeft } from '../customers/emailLimits.ts';
import { fail, failFields } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import { findRecord } from '../idempotency/idempotencyRecord.ts';
import type { Language } from '../languages.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { limitCalls } from '../rateLimits/rateLimits.ts';
import { createSessionWrites } from '../sessions/createSession.ts';
import { findRecordedSession, recordSessionWrite, toSignInRequest } from '../sessions/repeatedSignIn.ts';
import { newId } from '../table/ids.ts';
import { transact } from '../table/table.ts';
import { makeEmptyWallet } from '../wallet/walletRepository.ts';
import type { SignUp } from './accountSchema.ts';
import { phoneTaken } from './availability.ts';
import { hashPassword } from './passwordHash.ts';
import * as passwords from './passwordRepository.ts';
import { isSamePassword } from './samePassword.ts';

interface Client {
  language: Language;
  clientIp: string;
  idempotency: IdempotentRequest | undefined;
}

/**
 * Creates a customer with a password and signs them in. The phone is unverified: it is theirs until
 * another customer verifies it.
 * @throws limitExceeded, throttled, `unique` for an e-mail address or a phone of another customer;
 * idempotencyKeyConflict
 */
export async function signUp(request: SignUp, { language, clientIp, idempotency }: Client) {
  const network = toClientNetwork(clientIp);
  const [country] = await Promise.all([
    countries.find(request.phone.country),
    requireTakenResponsesLeft(network),
    limitCalls(network, 'SIGN_UPS', config.signUpsPerNetworkPerHour),
  ]);
  // A network over its limit must not make the function hash.
  const hash = await hashPassword(request.password);
  const customer = customers.Customer.parse({
    id: newId(),
    phoneNumber: '',
    unprovenPhone: request.phone.number,
    fullName: `${request.name} ${request.last_name}`,
    lastName: request.last_name,
    email: request.email,
    image: null,
    gender: 'NS',
    birthDate: request.birthdate,
    primaryAddressId: null,
    language,
    countryCode: country.code,
    referredBy: request.refered ?? '',
    lastUsedAtSeconds: nowSeconds(),
    createdAtSeconds: nowSeconds(),
  });
  const creation = customers.createCustomerWrites(customer, country.currency);
  const { session, writes } = createSessionWrites(customer.id, { registrationId: '', signIn: 0 });
  const keyed = idempotency && toSignInRequest(idempotency, { network });
  const result = await transact([
    ...Object.values(creation),
    passwords.setPasswordWrite(customer.id, hash),
    ...(keyed ? [recordSessionWrite(session, keyed)] : []),
    ...writes,
  ]);
  if (!result.done) {
    const holder = customers.UniqueClaim.safeParse(result.rejected[Object.keys(creation).indexOf('email')]?.old).data;
    const repeated = keyed && holder && (await repeatSignUp(holder.customerId, request.password, { keyed, network }));
    if (repeated) return repeated;
    await countTakenResponse(network);
    const rejected = Object.keys(creation).filter((_, index) => result.rejected[index]);
    const isEmailTaken = rejected.includes('email') || rejected.includes('lostEmail');
    return failFields(
      ...(isEmailTaken ? [{ attr: 'email', code: 'unique' } as const] : []),
      ...(rejected.includes('phone') ? [phoneTaken] : []),
    );
  }
  return { customer, wallet: makeEmptyWallet(country.currency), session };
}

/**
 * Returns the sign-up of the same client with the same key, whose response was lost.
 * @throws idempotencyKeyConflict
 */
async function repeatSignUp(
  customerId: number,
  password: string,
  { keyed, network }: { keyed: IdempotentRequest; network: string },
) {
  const record = await findRecord(customerId, keyed);
  const repeated = record && (await findRecordedSession(customerId, record));
  if (!repeated) return undefined;
  if (!(await isSamePassword(customerId, password, network))) return fail('idempotencyKeyConflict');
  return repeated;
}
