import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { bearer, phoneNumber } from 'better-auth/plugins';

const url = 'http://localhost/api/auth';

/**
 * Starts better-auth with its phoneNumber plugin, bearer tokens and a database in memory. Returns
 * its implementation of the steps.
 */
export async function startBetterAuth() {
  const [codes, tokens] = [new Map(), new Map()];
  const database = new DatabaseSync(':memory:');
  const secret = randomBytes(32).toString('base64');
  const withSessionsRenewedAfter = (updateAge) =>
    betterAuth({
      baseURL: 'http://localhost',
      secret,
      database,
      rateLimit: { enabled: false },
      telemetry: { enabled: false },
      logger: { disabled: true },
      session: { updateAge },
      plugins: [
        bearer(),
        phoneNumber({
          sendOTP: ({ phoneNumber: phone, code }) => void codes.set(phone, code),
          signUpOnVerification: {
            getTempEmail: (phone) => `${phone.slice(1)}@example.com`,
            getTempName: (phone) => phone,
          },
        }),
      ],
    });
  const auth = withSessionsRenewedAfter(86_400);
  const renewing = withSessionsRenewedAfter(0);
  await (await getMigrations(auth.options)).runMigrations();

  async function ask(server, path, { body, token } = {}) {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const request = new Request(`${url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers,
      body: JSON.stringify(body),
    });
    const response = await server.handler(request);
    const answer = await response.json();
    if (!response.ok || !answer) throw new Error(`better-auth answered ${response.status} to ${path}.`);
    return answer;
  }

  const send = (phone) => ask(auth, '/phone-number/send-otp', { body: { phoneNumber: phone } });
  const verify = async (phone) => {
    const { token } = await ask(auth, '/phone-number/verify', { body: { phoneNumber: phone, code: codes.get(phone) } });
    tokens.set(phone, token);
  };
  return {
    sendCode: send,
    signUp: verify,
    signIn: verify,
    read: (phone) => ask(auth, '/get-session', { token: tokens.get(phone) }),
    refresh: (phone) => ask(renewing, '/get-session', { token: tokens.get(phone) }),
  };
}
