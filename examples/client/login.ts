import createClient from 'openapi-fetch';
import type { paths } from './api.ts';

/**
 * A session from OTP to log-out, with a client generated from the API's OpenAPI document. Run `npm
 * start` in this folder.
 */
const { API_URL = 'http://localhost:3000', INBOX_URL = 'http://localhost:4000', PHONE = '+201001234567' } = process.env;
const client = createClient<paths>({ baseUrl: API_URL });

const sent = await client.POST('/api/sms/send-auth-otp/', {
  body: { phone_number: PHONE, otp_type: 'customer_auth' },
});
if (sent.error) throw new Error(sent.error.errors.map(({ detail }) => detail).join(' '));
print(`A code is on its way to ${sent.data.phone_number}; it lives for ${sent.data.expires_in} seconds.`);

const registration_id = `client:${PHONE}`;
const signedIn = await client.POST('/api/customers/authenticate/', {
  // One key for each tap. After a lost response, the app repeats the request with it.
  params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
  body: { phone_number: PHONE, otp: await readCode(), device: { registration_id }, language: 'en' },
});
if (signedIn.error) throw new Error(signedIn.error.errors.map(({ detail }) => detail).join(' '));
const { access, refresh, customer } = signedIn.data;
client.use({
  onRequest({ request }) {
    request.headers.set('authorization', `Bearer ${access}`);
    return request;
  },
});
print(`Signed in as customer ${customer.id} from ${customer.country.name}.`);

const changed = await client.PATCH('/api/customers/me/update/', { body: { full_name: 'Client', gender: 'NS' } });
print(`The name is ${changed.data?.full_name}.`);
const wallet = await client.GET('/api/wallets/me/', { params: { query: { page_size: 5 } } });
print(`The wallet holds ${wallet.data?.wallet?.balance} ${wallet.data?.wallet?.balance_currency}.`);
const device = await client.GET('/api/devices/{registration_id}/', { params: { path: { registration_id } } });
print(`The device is ${device.data?.active ? 'active' : 'silent'}.`);

const left = await client.POST('/api/users/logout-device/', { body: { refresh_token: refresh, registration_id } });
const after = await client.GET('/api/customers/me/');
print(`Signed out with ${left.response.status}; the next request is answered by ${after.error?.errors[0]?.code}.`);

/** Reads the OTP from the inbox of the local stack, which stands in for a phone. */
async function readCode(): Promise<string> {
  const messages = await fetch(`${INBOX_URL}/api/messages?to=${encodeURIComponent(PHONE)}`);
  const [newest] = (await messages.json()) as { text: string }[];
  return newest?.text.match(/\b\d{6}\b/)?.[0] ?? '';
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
