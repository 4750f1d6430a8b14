import * as z from 'zod';
import { phoneNumber } from '../countries/phoneSchema.ts';
import type { Customer } from '../customers/customerRepository.ts';
import { birthDate, emailAddress } from '../customers/personFields.ts';
import type { FieldError } from '../errors.ts';
import { choice, clearable, code, id, missing, removeBidiControls, removeUnseen, text } from '../http/fields.ts';
import { Uri } from '../http/uri.ts';
import { toImageUrl } from '../images/urls.ts';
import { languages } from '../languages.ts';
import { deviceToken, issuedDeviceToken, otpCode } from '../otp/otpSchema.ts';
import { publicSettings } from '../settings/publicSettings.ts';
import { toDecimal } from '../wallet/money.ts';
import type { Wallet } from '../wallet/walletRepository.ts';
import { givenPassword, isGuessable, newPassword } from './passwordSchema.ts';

/**
 * The customer in responses of surface B. `token` is an access token; surface A's refresh takes the
 * `refresh_token`.
 */
export const CurrentCustomer = z
  .object({
    id: id.describe('Identifies the customer. It never changes.'),
    name: z.string().describe('First name.'),
    last_name: z.string().describe('Empty until set.'),
    email: z.string().describe('Empty until set.'),
    phone: z.string().describe('E.164. Empty when another customer has verified this phone.'),
    phone_verified: z.boolean().describe('Whether the customer has confirmed the phone with a code.'),
    image: Uri.nullable().describe('The URL of the profile picture, or null.'),
    birthdate: z.iso.date().nullable().describe('`YYYY-MM-DD`, or null until set.'),
    token: z
      .string()
      .describe('The access token for `Authorization: Bearer …`. It expires after 15 minutes by default.'),
    is_guest: z.boolean().describe('Always false: every customer has an account.'),
    language: z.enum(languages).describe('The language of texts, SMS and pushes: `en` or `ar`.'),
    primary_address: id.nullable().describe('The id of an address.'),
    wallet_credit: z.string().describe('The balance of the wallet, as a decimal.'),
  })
  .meta({ id: 'CurrentCustomerResource', description: 'The signed-in customer.' });

/** The customer in the response to a sign-in. No other response holds a refresh token. */
export const CustomerResource = CurrentCustomer.extend({
  refresh_token: z.string().describe('The refresh token for refresh_token_create. It is replaced at each refresh.'),
  device_token: issuedDeviceToken,
}).meta({ id: 'CustomerResource', description: 'The customer and the tokens of a new session.' });

interface Account {
  customer: Customer;
  wallet: Wallet;
  token: string;
}

export function showAccount({ customer, wallet, token }: Account): z.input<typeof CurrentCustomer> {
  return {
    id: customer.id,
    ...namesOf(customer),
    email: customer.email,
    phone: customer.phoneNumber || customer.unprovenPhone,
    phone_verified: customer.phoneNumber !== '',
    image: toImageUrl(customer.id, customer.image),
    birthdate: customer.birthDate,
    token,
    is_guest: false,
    language: customer.language,
    primary_address: customer.primaryAddressId,
    wallet_credit: toDecimal(wallet.balanceMinor, wallet.currency),
  };
}

/**
 * Splits a full name into first and last name. If surface A changed the full name so that it no
 * longer ends in the last name, the first name is the first word.
 */
function namesOf({ fullName, lastName }: Customer): { name: string; last_name: string } {
  const end = ` ${lastName}`;
  const split = lastName && fullName.endsWith(end) ? fullName.length - end.length : fullName.indexOf(' ');
  if (split < 0) return { name: fullName, last_name: '' };
  return { name: fullName.slice(0, split), last_name: fullName.slice(split + 1) };
}

/** A full name holds two names of this length and the space between them. */
const name = text({ max: 127, clean: removeBidiControls })
  .refine((value) => Array.from(value).length >= 3, code('min_length', { min: 3 }))
  .meta({ minLength: 3 });

/** Reported only if every field is valid by itself. */
const guessable = {
  path: ['password'],
  ...code('too_common'),
  when: ({ issues }: { issues: unknown[] }) => issues.length === 0,
};

export const SignUp = z
  .object({
    name: name.describe('First name.'),
    last_name: name.describe('Last name.'),
    email: emailAddress().describe('Unique among all customers.'),
    phone: phoneNumber,
    password: newPassword,
    birthdate: birthDate.describe('`YYYY-MM-DD`, from 1900 to today.'),
    refered: clearable(text({ max: 255 }))
      .optional()
      .describe('Any text, such as a referral code. The API stores it and does not use it.'),
  })
  .refine(({ password, email, phone }) => !isGuessable(password, { email, phone: phone.number }), guessable);
export type SignUp = z.output<typeof SignUp>;

const email = clearable(emailAddress()).optional().describe('The e-mail address of the account.');
const phone = clearable(phoneNumber).optional();
const isPhoneLogin = async () => (await publicSettings()).enablePhoneLogin;

/** `phone` is required if the setting `enablePhoneLogin` is on, otherwise `email` is. */
export const Login = z
  .object({ email, phone, password: givenPassword, device_token: deviceToken })
  .refine(async ({ email }) => Boolean(email) || (await isPhoneLogin()), missing('email'))
  .refine(async ({ phone }) => Boolean(phone) || !(await isPhoneLogin()), missing('phone'));

const resetChannels = ['sms', 'email'] as const;

/** The identifiers of an account. A request names exactly one. */
const either = { email, phone };
type Either = { email?: unknown; phone?: unknown };
const hasIdentifier = ({ email, phone }: Either) => Boolean(email) || Boolean(phone);
const isNotBoth = ({ email, phone }: Either) => !(email && phone);

function requireOneIdentifier<S extends z.ZodType<Either>>(schema: S): S {
  return schema
    .refine(hasIdentifier, missing('email'))
    .refine(hasIdentifier, missing('phone'))
    .refine(isNotBoth, { path: ['phone'], ...code('conflicting') });
}

/** The errors if a request names neither identifier, or both. */
export const oneIdentifierErrors = [
  { attr: 'email', code: 'required' },
  { attr: 'phone', code: 'required' },
  { attr: 'phone', code: 'conflicting' },
] as const satisfies FieldError[];

export const ForgottenPassword = requireOneIdentifier(
  z.object({
    ...either,
    channel: choice(resetChannels)
      .nullish()
      .describe(
        'How the code is sent. By default by `sms` to the verified phone, or by `email` to the verified e-mail address of an account without one.',
      ),
    device_token: deviceToken,
  }),
);

/** A `+` that the client did not encode arrives as a space. */
const phoneInQuery = z.preprocess(
  (value) => (typeof value === 'string' ? removeUnseen(value).replace(/^ /, '+') : value),
  phone,
);
export const AvailabilityQuery = requireOneIdentifier(
  z.object({
    email: email.describe('The e-mail address to look up.'),
    phone: phoneInQuery.describe('The phone to look up, in E.164.'),
  }),
);

export const PasswordReset = requireOneIdentifier(
  z.object({
    ...either,
    token: otpCode.describe('The six digits of the SMS or e-mail from forgetPassword.'),
    password: newPassword,
    device_token: deviceToken,
  }),
);
