import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { bearer, phoneNumber } from 'better-auth/plugins';
import { Pool } from 'pg';
import { addressOf } from './customer.ts';
import { otherPhone } from './loginSteps.ts';

const url = 'http://localhost/api/auth';

/** Starts better-auth with a database in memory, no rate limits, and without SMS. */
export function startInMemory() {
  return start({ database: new DatabaseSync(':memory:'), rateLimit: { enabled: false }, send: () => undefined });
}

/**
 * Starts better-auth as a shop deploys it: with its data and its rate limits in PostgreSQL, and its
 * codes sent by SNS.
 */
export async function startOnPostgres(socketFolder) {
  const database = new Pool({ host: socketFolder, user: 'postgres', database: 'postgres' });
  const sns = new SNSClient({});
  const contender = await start({
    database,
    rateLimit: { enabled: true, storage: 'database' },
    send: (code) => sns.send(new PublishCommand({ PhoneNumber: otherPhone, Message: `Your code is ${code}` })),
  });
  return { contender, stop: () => database.end() };
}

/** Starts better-auth with its phoneNumber plugin and bearer tokens. Returns its steps. */
async function start({ database, rateLimit, send }) {
  const [codes, tokens] = [new Map(), new Map()];
  const secret = randomBytes(32).toString('base64');
  const withSessionsRenewedAfter = (updateAge) =>
    betterAuth({
      baseURL: 'http://localhost',
      secret,
      database,
      rateLimit,
      telemetry: { enabled: false },
      logger: { disabled: true },
      session: { updateAge },
      plugins: [
        bearer(),
        phoneNumber({
          sendOTP: async ({ phoneNumber: phone, code }) => {
            codes.set(phone, code);
            await send(code);
          },
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

  async function ask(server, phone, path, { body, token } = {}) {
    const headers = {
      'content-type': 'application/json',
      'x-forwarded-for': addressOf(phone),
      ...(token && { authorization: `Bearer ${token}` }),
    };
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

  const verify = async (phone) => {
    const body = { phoneNumber: phone, code: codes.get(phone) };
    const { token } = await ask(auth, phone, '/phone-number/verify', { body });
    tokens.set(phone, token);
  };
  return {
    sendCode: (phone) => ask(auth, phone, '/phone-number/send-otp', { body: { phoneNumber: phone } }),
    signUp: verify,
    signIn: verify,
    read: (phone) => ask(auth, phone, '/get-session', { token: tokens.get(phone) }),
    refresh: (phone) => ask(renewing, phone, '/get-session', { token: tokens.get(phone) }),
  };
}
