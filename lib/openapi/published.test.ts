import { readFileSync } from 'node:fs';

/**
 * The published API, which clients depend on. Each row has the operation, its method and path, and
 * whether it needs an access token. Then come the required fields of its body or query, its
 * statuses and the required fields of its response. A response of surface B has them in `data`.
 */
const customer =
  'id phone_number full_name email image gender birth_date primary_address is_profile_completed language country wallet';
const address = 'id description location_type point map_description map_image';
const device = 'id name registration_id device_id active date_created type';
const page = 'next previous results';
const resource =
  'id name last_name email phone phone_verified image birthdate token is_guest language primary_address wallet_credit refresh_token';
const published: [string, string, string, 'JWT' | '–', string, string, string][] = [
  [
    'sendOTP',
    'POST',
    '/api/sms/send-auth-otp/',
    '–',
    'phone_number otp_type',
    '200',
    'phone_number otp_type expires_in resend_in',
  ],
  [
    'AuthenticateCustomer',
    'POST',
    '/api/customers/authenticate/',
    '–',
    'phone_number otp device language',
    '200 201',
    'access refresh customer',
  ],
  ['refresh_token_create', 'POST', '/api/refresh-token/', '–', 'refresh', '200', 'access refresh'],
  ['logoutDevice', 'POST', '/api/users/logout-device/', 'JWT', 'refresh_token registration_id', '204', ''],
  ['logoutAllDevices', 'POST', '/api/users/logout-all-devices/', 'JWT', '', '204', ''],
  ['GetCustomerDetails', 'GET', '/api/customers/me/', 'JWT', '', '200', customer],
  ['UpdateCustomer', 'PATCH', '/api/customers/me/update/', 'JWT', '', '200', customer],
  ['DeleteCustomer', 'DELETE', '/api/customers/me/delete/', 'JWT', '', '204', ''],
  ['ListCountries', 'GET', '/api/countries/', '–', '', '200', 'code flag phone_code name'],
  ['GetRegionByPoint', 'GET', '/api/regions/', '–', 'long lat', '200', 'code name country'],
  ['ListAddresses', 'GET', '/api/addresses/', 'JWT', '', '200', address],
  ['CreateAddress', 'POST', '/api/addresses/create/', 'JWT', 'point description location_type', '201', address],
  ['UpdateAddress', 'PATCH', '/api/addresses/{id}/update/', 'JWT', '', '200', address],
  ['DeleteAddress', 'DELETE', '/api/addresses/{id}/delete/', 'JWT', '', '204', ''],
  ['listWalletDetails', 'GET', '/api/wallets/me/', 'JWT', '', '200', 'wallet wallet_transactions'],
  [
    'updateWallet',
    'PATCH',
    '/api/wallets/me/update/',
    'JWT',
    '',
    '200',
    'balance balance_currency is_use_wallet_in_payment',
  ],
  ['devices_list', 'GET', '/api/devices/', 'JWT', '', '200', device],
  ['devices_create', 'POST', '/api/devices/', 'JWT', 'registration_id type', '200 201', device],
  ['devices_retrieve', 'GET', '/api/devices/{registration_id}/', 'JWT', '', '200', device],
  ['devices_update', 'PUT', '/api/devices/{registration_id}/', 'JWT', 'registration_id type', '200', device],
  ['devices_partial_update', 'PATCH', '/api/devices/{registration_id}/', 'JWT', '', '200', device],
  ['devices_destroy', 'DELETE', '/api/devices/{registration_id}/', 'JWT', '', '204', ''],
  ['listNotifications', 'GET', '/api/notifications/', 'JWT', '', '200', page],
  ['deleteNotification', 'DELETE', '/api/notifications/{id}/', 'JWT', '', '204', ''],
  ['bulkDeleteNotifications', 'DELETE', '/api/notifications/bulk-delete/', 'JWT', '', '204', ''],
  ['getSocialAccounts', 'GET', '/api/social-accounts/', '–', '', '200', 'email phone_number instagram tiktok website'],
  ['getAppInfo', 'GET', '/api/info/', '–', '', '200', 'about_us terms policy'],
  ['listFaqs', 'GET', '/api/faqs/', '–', '', '200', 'question answer'],
  ['login', 'POST', '/api/customer/auth', '–', 'password', '200 403 423 429', resource],
  [
    'signup',
    'POST',
    '/api/customer/auth/signup',
    '–',
    'name last_name email phone password birthdate',
    '200 423',
    resource,
  ],
  ['availability', 'GET', '/api/customer/auth/availability', '–', '', '200 423 429', 'available'],
  ['configuration', 'GET', '/api/customer/configurations', '–', '', '200', 'enablePhoneLogin'],
  ['forgetPassword', 'POST', '/api/customer/auth/forget_password_v2', '–', '', '200 423 429', ''],
  ['resetPassword', 'POST', '/api/customer/auth/reset_password_v2', '–', 'token password', '200 403 423', ''],
  [
    'verifyPhone',
    'POST',
    '/api/customer/profile/phone-verify',
    'JWT',
    '',
    '200 409 423 429',
    resource.replace(' refresh_token', ''),
  ],
  ['logout', 'POST', '/api/customer/auth/logout', 'JWT', '', '200 401', ''],
];

interface Schema {
  $ref?: string;
  items?: Schema;
  anyOf?: Schema[];
  required?: string[];
  properties?: Record<string, Schema>;
}

interface Operation {
  operationId: string;
  security: object[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

const document = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'));
const resolve = (schema: Schema | undefined): Schema => {
  if (schema?.properties?.data && schema.required?.includes('code')) return resolve(schema.properties.data);
  if (schema?.$ref) return resolve(document.components.schemas[schema.$ref.split('/').at(-1) ?? '']);
  return schema?.items ? resolve(schema.items) : (schema ?? {});
};
const words = (text: string) => text.split(' ').filter(Boolean);

test.each(published)(
  '%s keeps its published path, required fields and statuses',
  (operationId, method, path, auth, needed, statuses, shown) => {
    const operation: Operation = document.paths[path]?.[method.toLowerCase()];
    expect(operation?.operationId).toBe(operationId);
    expect(operation.security).toEqual(auth === 'JWT' ? [{ accessToken: [] }] : []);
    const requiredFields = operation.requestBody
      ? resolve(operation.requestBody.content['application/json']?.schema).required
      : operation.parameters
          ?.filter((parameter) => parameter.in === 'query' && parameter.required)
          .map(({ name }) => name);
    expect((requiredFields ?? []).toSorted()).toEqual(words(needed).toSorted());
    const successes = words(statuses).filter((status) => status < '300');
    expect(Object.keys(operation.responses).filter((status) => status < '300')).toEqual(successes);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(words(statuses)));
    for (const status of successes) {
      const schema = operation.responses[status]?.content?.['application/json']?.schema;
      if (shown) expect(resolve(schema).required).toEqual(expect.arrayContaining(words(shown)));
      else expect(resolve(schema).properties).toBeUndefined();
    }
  },
);
