import * as z from 'zod';
import { type FieldError, languages } from '../errors.ts';
import { imageUrl } from '../images/urls.ts';
import { decimal } from '../money.ts';
import type { Customer } from '../repositories/customers.ts';
import { publicSettings } from '../repositories/publicSettings.ts';
import type { Wallet } from '../repositories/wallets.ts';
import { clearable, code, id, missing, removeUnseen, text } from './fields.ts';
import { deviceToken, issuedDeviceToken, otpCode } from './otp.ts';
import { givenPassword, isGuessable, newPassword } from './password.ts';
import { birthDate, emailAddress } from './person.ts';
import { phoneNumber } from './phone.ts';
import { Uri } from './uri.ts';

/** What surface B tells of a customer; surface A's refresh takes the `refresh_token`. */
export const CurrentCustomer = z
  .object({
    id,
    name: z.string(),
    last_name: z.string(),
    email: z.string(),
    phone: z.string().describe('E.164; empty when somebody else has proven it.'),
    phone_verified: z.boolean(),
    image: Uri.nullable(),
    birthdate: z.iso.date().nullable(),
    token: z.string().describe('For the Authorization header.'),
    is_guest: z.boolean(),
    language: z.enum(languages),
    primary_address: id.nullable().describe('The id of an address.'),
    wallet_credit: z.string().describe('Decimal.'),
  })
  .meta({ id: 'CurrentCustomerResource' });

/** The same from what signs a customer in: nothing else returns a refresh token. */
export const CustomerResource = CurrentCustomer.extend({
  refresh_token: z.string(),
  device_token: issuedDeviceToken,
}).meta({ id: 'CustomerResource' });

interface Account {
  customer: Customer;
  /** The number to show. */
  phone: string;
  wallet: Wallet;
  /** An access token. */
  token: string;
}

export function showAccount({ customer, phone, wallet, token }: Account): z.input<typeof CurrentCustomer> {
  return {
    id: customer.id,
    ...namesOf(customer),
    email: customer.email,
    phone,
    phone_verified: customer.phoneNumber !== '',
    image: imageUrl(customer.id, customer.image),
    birthdate: customer.birthDate,
    token,
    is_guest: false,
    language: customer.language,
    primary_address: customer.primaryAddressId,
    wallet_credit: decimal(wallet.balanceMinor, wallet.currency),
  };
}

/**
 * Surface A may have changed the full name; its first word is the name then, unless it still ends
 * in the last name.
 */
function namesOf({ fullName, lastName }: Customer): { name: string; last_name: string } {
  const end = ` ${lastName}`;
  const split = lastName && fullName.endsWith(end) ? fullName.length - end.length : fullName.indexOf(' ');
  if (split < 0) return { name: fullName, last_name: '' };
  return { name: fullName.slice(0, split), last_name: fullName.slice(split + 1) };
}

/** Both names and the space between them fit into a full name. */
const name = text({ max: 127 })
  .refine((value) => Array.from(value).length >= 3, code('min_length', { min: 3 }))
  .meta({ minLength: 3 });

/** Said only where every field is right by itself. */
const guessable = {
  path: ['password'],
  ...code('too_common'),
  when: ({ issues }: { issues: unknown[] }) => issues.length === 0,
};

export const SignUp = z
  .object({
    name,
    last_name: name,
    email: emailAddress(),
    phone: phoneNumber,
    password: newPassword,
    birthdate: birthDate,
    refered: clearable(text({ max: 255 }))
      .optional()
      .describe('Who brought the customer.'),
  })
  .refine(({ password, email, phone }) => !isGuessable(password, { email, phone: phone.number }), guessable);
export type SignUp = z.output<typeof SignUp>;

const email = clearable(emailAddress()).optional();
const phone = clearable(phoneNumber).optional();
const isPhoneLogin = async () => (await publicSettings()).enablePhoneLogin;

/** `phone` is required where the setting `enablePhoneLogin` is on, else `email`. */
export const Login = z
  .object({ email, phone, password: givenPassword, device_token: deviceToken })
  .refine(async ({ email }) => Boolean(email) || (await isPhoneLogin()), missing('email'))
  .refine(async ({ phone }) => Boolean(phone) || !(await isPhoneLogin()), missing('phone'));

/** Whom something is about: one of the two. */
const either = { email, phone };
type Either = { email?: unknown; phone?: unknown };
const isOne = ({ email, phone }: Either) => Boolean(email) || Boolean(phone);
const isOnlyOne = ({ email, phone }: Either) => !(email && phone);

function identifying<S extends z.ZodType<Either>>(schema: S): S {
  return schema
    .refine(isOne, missing('email'))
    .refine(isOne, missing('phone'))
    .refine(isOnlyOne, { path: ['phone'], ...code('conflicting') });
}

/** What is wrong where it is none of the two, or both. */
export const oneIdentifierErrors = [
  { attr: 'email', code: 'required' },
  { attr: 'phone', code: 'required' },
  { attr: 'phone', code: 'conflicting' },
] as const satisfies FieldError[];

export const OneIdentifier = identifying(z.object(either));

/** Where the `+` of a phone was not encoded, it has come as a space. */
const phoneInQuery = z.preprocess(
  (value) => (typeof value === 'string' ? removeUnseen(value).replace(/^ /, '+') : value),
  phone,
);
export const AvailabilityQuery = identifying(z.object({ email, phone: phoneInQuery }));

export const PasswordReset = identifying(
  z.object({ ...either, token: otpCode.describe('The code that was sent.'), password: newPassword }),
);
