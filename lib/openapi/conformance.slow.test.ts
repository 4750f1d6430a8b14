import { readFileSync } from 'node:fs';
import { parseApiDocument } from '../testing/openapi/apiDocument.ts';
import { testConformance } from '../testing/openapi/conformance.ts';
import { callsOf } from '../testing/openapi/documentedCalls.ts';
import { goodRequestsTo } from '../testing/openapi/goodRequests.ts';
import { type BeyondSchema, codeOfText } from '../testing/openapi/rejections.ts';
import { cheapPasswords } from '../testing/stage/signUp.ts';
import { useWorld } from '../testing/stage/world.ts';
import { project } from './routes.ts';

const world = useWorld();
const api = parseApiDocument(JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8')));
const calls = callsOf(api, { world, folder: project });
const { signedIn, good, discardCustomer } = goodRequestsTo(world, calls);

beforeEach(() => {
  const unlimited = '999999999';
  world.set({ OTP_SENDS_PER_COUNTRY_PER_DAY: unlimited, OTP_SENDS_PER_STAGE_PER_DAY: unlimited });
  world.set({ OTP_COOL_DOWNS_SECONDS: '0', OTP_SENDS_PER_PHONE_PER_HOUR: '24', OTP_SENDS_PER_PHONE_PER_DAY: '24' });
  world.set({ EMAILS_PER_STAGE_PER_DAY: unlimited });
  world.set({ EMAIL_CHANGES_PER_DAY: '50', REFUSALS_PER_ADDRESS_PER_HOUR: unlimited });
  world.set({ SIGN_UPS_PER_ADDRESS_PER_HOUR: unlimited, WRONG_CODES_PER_ADDRESS_PER_HOUR: unlimited });
  world.set({ FAILED_LOGINS_PER_ADDRESS_PER_HOUR: unlimited, FAILED_LOGINS_PER_ACCOUNT_PER_HOUR: unlimited });
  cheapPasswords(world);
});

/** Errors that no schema can describe, such as invalid phones, future dates and e-mails in use. */
const address = { point: 'invalid', map_image: 'invalid' };
const profile = { image: 'invalid', birth_date: 'invalid', primary_address: 'does_not_exist', email: 'invalid' };
const account = { email: 'invalid required', phone: 'invalid required conflicting' };
const password = 'min_length too_common';
const beyondSchema: BeyondSchema = {
  sendOTP: { phone_number: 'invalid' },
  AuthenticateCustomer: { phone_number: 'invalid' },
  UpdateCustomer: profile,
  UpdateCustomerByForm: profile,
  login: { email: 'invalid required', phone: 'invalid' },
  signup: { email: 'invalid', phone: 'invalid', password, birthdate: 'invalid' },
  availability: account,
  forgetPassword: account,
  resetPassword: { ...account, password },
  verifyPhone: { phone: 'invalid' },
  setPassword: { email: 'invalid required', password, otp: 'otp_expired' },
  changePhone: { phone_number: 'invalid unique', otp: 'otp_expired' },
  requestPhoneChange: { phone_number: 'invalid unique', otp: 'otp_expired' },
  setEmail: { email: 'invalid' },
  verifyEmail: { otp: 'otp_expired' },
  reauthenticate: { otp: 'required otp_expired', password: 'conflicting' },
  GetRegionByPoint: { long: 'invalid', lat: 'invalid' },
  CreateAddress: address,
  CreateAddressByForm: address,
  UpdateAddress: address,
  UpdateAddressByForm: address,
  devices_update: { registration_id: 'unique' },
  devices_partial_update: { registration_id: 'unique' },
  updateNotificationPreferences: { time_zone: 'invalid_choice', 'quiet_hours.end': 'invalid' },
};

testConformance(api, calls, {
  caller: async () => ({ token: (await signedIn()).access }),
  good,
  badCredentials: async () => [
    [{}, 'not_authenticated'],
    [{ Authorization: 'Basic eA==' }, 'authentication_failed'],
    [{ Authorization: 'Bearer x.y.z' }, 'token_not_valid'],
    [{ Authorization: `Bearer ${(await signedIn()).refresh}` }, 'token_not_valid'],
  ],
  // The envelope has no error code.
  codeOf: ({ body }) => ('code' in body ? undefined : body.errors[0].code),
  rejections({ status, body }) {
    if (status === 423) {
      const details = Object.entries<string[]>(body.errors.errorDetails);
      return details.map(([field, [text = '']]) => ({ field, code: codeOfText(text) }));
    }
    if (status !== 400 || body.type !== 'validation_error') return [];
    return body.errors.map(({ attr, code }: { attr: string; code: string }) => ({ field: attr, code }));
  },
  beyondSchema,
  // An error inside a point is reported for the whole point.
  fieldOfRejection: (field) => field.replace(/^point\..*/, 'point'),
  async renew() {
    await world.renewEngine();
    discardCustomer();
  },
});
