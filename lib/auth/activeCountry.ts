import { failField } from '../errors.ts';
import * as countries from '../repositories/countries.ts';

/** The country of a phone, if its phones may sign in: a code sent anywhere else costs money and reaches no customer. */
export async function requireActiveCountry(code: string): Promise<countries.Country> {
  const country = (await countries.all()).get(code);
  return country?.active ? country : failField('phone_number', 'invalid');
}
