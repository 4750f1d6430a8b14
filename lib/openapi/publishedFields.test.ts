import { readFileSync } from 'node:fs';
import { errors } from '../errors.ts';
import { parseApiDocument } from '../testing/openapi/apiDocument.ts';
import { isNullable, type Schema, typeOf } from '../testing/openapi/arbitraries.ts';
import { project } from './routes.ts';

const { operations } = parseApiDocument(JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8')));

/**
 * Required fields of each response. Each field has its choices in alphabetical order, or its type
 * or format with its maximum length. A `?` marks a nullable field.
 */
const Country = { code: 'string≤2', flag: 'uri', phone_code: 'string≤4', name: 'string≤100' };
const Wallet = { balance: 'string', balance_currency: 'string≤3', is_use_wallet_in_payment: 'boolean' };
const Customer = {
  id: 'integer',
  phone_number: 'string≤128',
  full_name: 'string≤255',
  email: 'string≤254',
  image: 'uri?',
  gender: 'F|M|NS',
  birth_date: 'date?',
  primary_address: 'integer?',
  is_profile_completed: 'boolean',
  language: 'ar|en',
  ...within('country', Country),
  ...within('wallet', Wallet),
  is_phone_verified: 'boolean',
  is_email_verified: 'boolean',
};
const Address = {
  id: 'integer',
  description: 'string',
  location_type: 'HOME|WORK',
  'point.type': 'Point',
  'point.coordinates': 'array',
  map_description: 'string',
  map_image: 'uri?',
};
const Device = {
  id: 'integer',
  name: 'string≤255?',
  registration_id: 'string',
  device_id: 'string≤255?',
  active: 'boolean',
  date_created: 'date-time',
  type: 'android|ios|web',
};
const Notification = {
  id: 'integer',
  notification_type: 'other|product_ordered',
  title: 'string≤255',
  message_body: 'string',
  created_at: 'date-time',
  is_read: 'boolean',
};
const WalletTransaction = {
  id: 'integer',
  transaction_type: 'CANCEL_ORDER|CASH_RECEIVE|CHARGING|FINE|ORDER_PAYMENT|PAYOUT|REFUND|SHARE',
  transaction_type_text: 'string',
  amount: 'string',
  created_at: 'date-time',
};
const links = { next: 'uri?', previous: 'uri?' };
const otpTypes = 'customer_auth|password_reset|phone_change|provider_auth|reauthentication';

const responses: Record<string, Record<string, string>> = {
  sendOTP: { phone_number: 'string', otp_type: otpTypes, expires_in: 'integer', resend_in: 'integer' },
  AuthenticateCustomer: { access: 'string', refresh: 'string', ...within('customer', Customer) },
  GetCustomerDetails: Customer,
  UpdateCustomer: Customer,
  changePhone: Customer,
  setEmail: { email: 'string≤254', expires_in: 'integer' },
  verifyEmail: Customer,
  ListCountries: Country,
  GetRegionByPoint: { code: 'string', name: 'string', country: 'string≤2?' },
  ListAddresses: Address,
  CreateAddress: Address,
  UpdateAddress: Address,
  listWalletDetails: {
    wallet: 'object?',
    ...within('wallet', Wallet),
    ...within('wallet_transactions', { ...links, ...within('results', WalletTransaction) }),
  },
  updateWallet: Wallet,
  devices_list: Device,
  devices_create: Device,
  devices_retrieve: Device,
  devices_update: Device,
  devices_partial_update: Device,
  listNotifications: { ...links, ...within('results', Notification) },
  configuration: { 'data.enablePhoneLogin': 'boolean' },
};

test.each(Object.entries(responses))('%s returns its published fields', (operationId, fields) => {
  for (const [status, { content }] of Object.entries(found(operationId).responses)) {
    if (!status.startsWith('2')) continue;
    const schema = content?.['application/json']?.schema ?? {};
    expect(briefs(schema)).toMatchObject(fields);
  }
});

/** Fields of each request: bodies, or queries after `?`. Some bodies can also be forms. */
const NewAddress = 'point.type point.coordinates description location_type map_description map_image';
const NewDevice = 'name registration_id device_id active type';
const Profile = 'full_name image birth_date primary_address email gender language';
const requests: Record<string, string> = {
  sendOTP: 'phone_number otp_type app_id',
  AuthenticateCustomer: 'phone_number otp device.registration_id device.device_id device.type language',
  UpdateCustomer: `${Profile} or form`,
  setEmail: 'email',
  verifyEmail: 'otp',
  CreateAddress: `${NewAddress} or form`,
  UpdateAddress: `${NewAddress} or form`,
  updateWallet: 'is_use_wallet_in_payment',
  devices_create: NewDevice,
  devices_update: NewDevice,
  devices_partial_update: NewDevice,
  listWalletDetails: '?cursor ?page_size',
  listNotifications: '?cursor ?page_size',
  GetRegionByPoint: '?long ?lat',
  login: 'email phone password',
  signup: 'name last_name email phone password birthdate refered',
  availability: '?email ?phone',
  forgetPassword: 'email phone',
  resetPassword: 'email phone token password',
  verifyPhone: 'verification_code',
};

test.each(Object.entries(requests))('%s accepts its published fields', (operationId, sent) => {
  const { bodies, parameters } = found(operationId);
  const queries = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => `?${name}`);
  const isForm = bodies.some(({ mediaType }) => mediaType === 'multipart/form-data');
  const accepted = [...Object.keys(briefs(bodies[0]?.schema ?? {})), ...queries, ...(isForm ? ['or', 'form'] : [])];
  expect(accepted).toEqual(expect.arrayContaining(sent.split(' ')));
  expect(isForm).toBe(sent.endsWith(' or form'));
});

test('sendOtp accepts every published OTP type', () => {
  expect(briefs(found('sendOTP').bodies[0]?.schema ?? {}).otp_type).toBe(otpTypes);
});

/** Error codes beyond invalid fields. */
const rejections: Record<string, string> = {
  sendOTP: 'otp_send_limit',
  AuthenticateCustomer: 'otp_invalid otp_expired otp_try_limit',
  refresh_token_create: 'token_not_valid',
  UpdateCustomer: 'unique does_not_exist',
  setEmail: 'otp_send_limit email_undeliverable email_unavailable recent_code_required',
  verifyEmail: 'otp_invalid otp_expired otp_try_limit unique',
  CreateAddress: 'unsupported_region region_country_mismatch address_limit_reached',
  UpdateAddress: 'unsupported_region region_country_mismatch',
  DeleteAddress: 'cannot_delete_primary_address',
  devices_update: 'unique',
  devices_partial_update: 'unique',
  listNotifications: 'not_found',
  listWalletDetails: 'not_found',
};

test.each(Object.entries(rejections))('%s documents its error codes', (operationId, codes) => {
  const { responses } = found(operationId);
  for (const code of codes.split(' ')) {
    const status = Object.values(errors).find((error) => error.code === code)?.status;
    const { schema, examples = {} } = responses[status ?? 400]?.content?.['application/json'] ?? {};
    const named = schema?.properties?.errors?.items?.properties?.code?.enum ?? [];
    expect(named).toContain(code);
    if (status) expect(Object.keys(examples)).toContain(code);
  }
});

function found(operationId: string) {
  const operation = operations.find((candidate) => candidate.operationId === operationId);
  if (!operation) throw new Error(`There is no operation ${operationId}.`);
  return operation;
}

function briefs(schema: Schema): Record<string, string> {
  const own = schema.anyOf?.find((one) => typeOf(one) !== 'null') ?? schema;
  if (own.items?.properties) return briefs(own.items);
  return Object.assign(
    {},
    ...Object.entries(own.properties ?? {}).map(([name, field]) => {
      const isThere = own.required?.includes(name) ?? false;
      return { [name]: `${brief(field)}${isThere ? '' : ', or nothing'}`, ...within(name, briefs(field)) };
    }),
  );
}

function brief(schema: Schema): string {
  const own = schema.anyOf?.find((one) => typeOf(one) !== 'null') ?? schema;
  const format = ['integer', 'number'].includes(typeOf(own)) ? undefined : own.format;
  const plain = `${format ?? typeOf(own)}${own.maxLength && typeOf(own) === 'string' ? `≤${own.maxLength}` : ''}`;
  return `${own.enum?.toSorted().join('|') ?? own.const ?? plain}${isNullable(schema) ? '?' : ''}`;
}

function within(name: string, fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${name}.${field}`, value]));
}
