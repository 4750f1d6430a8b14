/** Values of the samples that are other ones for each customer. */
const sample = {
  id: '4503599627370497',
  otp: '123456',
  phone: '+201001234567',
  email: 'mona@example.com',
  password: 'blue tea 42 cups',
  refresh: 'REFRESH_TOKEN',
  device: /fcm-registration-token|fGx1:APA91bH_example-token/g,
};

/** The push token of the customer's device. */
export const device = 'docs-page';

const drawDigits = () => String(Math.floor(Math.random() * 1e8)).padStart(8, '0');
const strangersDigits = drawDigits();

/** Shortens responses to what most readers need. Swagger UI also takes seconds to read the rest. */
export function shorten(spec) {
  const isHeader = ({ $ref = '' }) => spec.components.parameters[$ref.split('/').at(-1)]?.in === 'header';
  for (const operation of operationsOf(spec)) {
    operation.parameters = operation.parameters?.filter((parameter) => !isHeader(parameter));
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      delete response.headers;
      if (status.startsWith('2')) continue;
      const codes = Object.values(response.content ?? {}).flatMap(({ examples = {} }) => Object.keys(examples));
      response.description += ` ${[...new Set(codes)].map((code) => `\`${code}\``).join(', ')}`;
      delete response.content;
    }
  }
  return spec;
}

/** Fills in the samples for a customer. Sign-up and log-in are for a customer of their own. */
export function fillSamples(spec, phone) {
  const own = { phone, email: `${phone.slice(1)}@example.com` };
  const stranger = { phone: `+2010${strangersDigits}`, email: `${strangersDigits}@example.com` };
  const fill = (value, { phone, email }) =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll(sample.phone, phone)
        .replaceAll(sample.email, email)
        .replaceAll(sample.device, device),
    );
  for (const operation of operationsOf(spec)) {
    const customer = ['signup', 'login', 'availability'].includes(operation.operationId) ? stranger : own;
    for (const part of ['parameters', 'requestBody'])
      if (operation[part]) operation[part] = fill(operation[part], customer);
  }
  spec.components.schemas = fill(spec.components.schemas, own);
  for (const [name, { properties = {} }] of Object.entries(spec.components.schemas)) {
    if (name.endsWith('Form')) leaveEmpty(properties);
  }
  return spec;
}

/** Swagger UI makes up a value, such as the id 1, for each field of a form without an example. */
function leaveEmpty(properties) {
  for (const field of Object.values(properties)) if (field.format !== 'binary') field.examples ??= [''];
}

function operationsOf(spec) {
  return Object.values(spec.paths).flatMap(Object.values);
}

/**
 * Creates what a sample needs, and puts its id, token or OTP into the request. A request that the
 * reader has changed stays as it is.
 */
export async function prepare(request, shop) {
  const called = `${request.method} ${new URL(request.url, document.baseURI).pathname}`;
  const [, meet] = needs.find(([pattern]) => pattern.test(called)) ?? [];
  await meet?.(request, shop);
  return request;
}

const needs = [
  [/^POST .*\/customers\/authenticate\/?$/, bringOtp(({ phone_number: phone }) => [phone, 'customer_auth'])],
  [/^POST .*\/users\/reauthenticate\/?$/, bringOtp((_, { phone }) => [phone, 'reauthentication'])],
  [/^POST .*\/customer\/auth\/reset_password_v2\/?$/, bringResetOtp],
  [/^POST .*\/(refresh-token|logout-device)\/?$/, bringRefreshToken],
  [/^(POST|GET) .*\/customer\/auth\/(signup|availability)\/?$/, becomeAnotherStranger],
  [/^POST .*\/customer\/auth\/?$/, signUp],
  [/\/devices\/docs-page\/?$/, registerDevice],
  [/\/addresses\/\d+\//, bringId(findAddress)],
  [/\/sessions\/\d+\//, bringId(findOtherSession)],
  [/\/notifications\/\d+\//, bringId(findNotification)],
];

function bringOtp(readSend) {
  return async (request, shop) => {
    if (!request.body.includes(sample.otp)) return;
    const [phone, type] = readSend(JSON.parse(request.body), shop.session);
    const send = () => shop.call('POST', '/api/sms/send-auth-otp/', { phone_number: phone, otp_type: type });
    request.body = request.body.replace(sample.otp, await shop.readOtp(phone, send));
  };
}

async function bringResetOtp(request, shop) {
  const { email, token } = JSON.parse(request.body);
  if (token !== sample.otp) return;
  await shop.call('PATCH', '/api/customers/me/update/', { email });
  const send = () => shop.call('POST', '/api/customer/auth/forget_password_v2', { email });
  request.body = request.body.replace(sample.otp, await shop.readOtp(shop.session.phone, send));
}

function bringRefreshToken(request, { session }) {
  request.body = request.body.replaceAll(sample.refresh, session.refresh);
}

/** The same sign-up succeeds once. */
function becomeAnotherStranger(request) {
  const digits = drawDigits();
  request.url = request.url.replaceAll(strangersDigits, digits);
  request.body = request.body?.replaceAll(strangersDigits, digits);
}

async function signUp({ body }, shop) {
  if (!body.includes(strangersDigits)) return;
  const phone = `+2010${strangersDigits}`;
  const person = { name: 'Mona', last_name: 'Hassan', birthdate: '1990-05-17', phone };
  await shop.call('POST', '/api/customer/auth/signup', { ...person, ...JSON.parse(body) });
}

async function registerDevice(_, shop) {
  const devices = await shop.call('GET', '/api/devices/');
  if (devices.some(({ registration_id: token }) => token === device)) return;
  await shop.call('POST', '/api/devices/', { registration_id: device, type: 'web' });
}

function bringId(find) {
  return async (request, shop) => {
    if (!request.url.includes(sample.id)) return;
    const { id } = await find(shop, request);
    request.url = request.url.replace(sample.id, id);
  };
}

/** The last one is not the primary one, which cannot be deleted. */
async function findAddress(shop, { method }) {
  const addresses = await shop.call('GET', '/api/addresses/');
  const place = { point: { type: 'Point', coordinates: [31.2357, 30.0444] }, location_type: 'HOME' };
  for (let count = addresses.length; count < (method === 'DELETE' ? 2 : 1); count++) {
    // The same address within a minute would be taken for a repeated request.
    const description = `12 Tahrir Square, flat ${drawDigits()}`;
    addresses.unshift(await shop.call('POST', '/api/addresses/create/', { ...place, description }));
  }
  return addresses.at(-1);
}

async function findOtherSession(shop) {
  const findOther = async () => (await shop.call('GET', '/api/users/sessions/')).find(({ current }) => !current);
  const other = await findOther();
  if (other) return other;
  await shop.signIn(shop.session.phone, 'docs-page-2');
  return findOther();
}

async function findNotification(shop) {
  const findOne = async () => (await shop.call('GET', '/api/notifications/')).results[0];
  let found = await findOne();
  if (!found) await shop.notify();
  // A worker delivers it within a second or two.
  for (let attempt = 0; !found && attempt < 40; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    found = await findOne();
  }
  return found;
}
