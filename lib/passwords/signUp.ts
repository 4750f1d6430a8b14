import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import * as countries from '../countries/countryRepository.ts';
import * as customers from '../customers/customerRepository.ts';
import { countTakenResponse, requireTakenResponsesLeft } from '../customers/emailLimits.ts';
import { failFields } from '../errors.ts';
import type { Language } from '../languages.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { limitCalls } from '../rateLimits/rateLimits.ts';
import { createSessionWrites } from '../sessions/createSession.ts';
import { newId } from '../table/ids.ts';
import { transact } from '../table/table.ts';
import { makeEmptyWallet } from '../wallet/walletRepository.ts';
import type { SignUp } from './accountSchema.ts';
import { hashPassword } from './passwordHash.ts';
import * as passwords from './passwordRepository.ts';

/**
 * Creates a customer with a password and signs them in. The phone is unverified: several customers
 * may give the same one, and any of them can verify it.
 * @throws limitExceeded, throttled, `unique` for an e-mail address of another customer and for a
 * phone that another customer has verified
 */
export async function signUp(request: SignUp, language: Language, clientIp: string) {
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
    createdAtSeconds: nowSeconds(),
  });
  const creation = customers.createCustomerWrites(customer, country.currency);
  const { session, writes } = createSessionWrites(customer.id, { registrationId: '', signIn: 0 });
  const result = await transact([...Object.values(creation), passwords.setPasswordWrite(customer.id, hash), ...writes]);
  if (!result.done) {
    await countTakenResponse(network);
    const rejected = Object.keys(creation).filter((_, index) => result.rejected[index]);
    const writesOf = { email: ['email', 'lostEmail'], phone: ['phone'] };
    const fields = Object.entries(writesOf).filter(([, names]) => names.some((name) => rejected.includes(name)));
    return failFields(...fields.map(([attr]) => ({ attr, code: 'unique' }) as const));
  }
  return { customer, phone: request.phone.number, wallet: makeEmptyWallet(country.currency), session };
}
