import { parseArgs } from 'node:util';
import { InputError } from '../local/inputError.ts';
import { runCommand } from '../local/stage.ts';

const usage = 'npm run smoke -- --url <where the API is> [--phone <test number> --otp <its code>]';

/** The test number of the stage `local` in serverless.yml. */
const localNumber = { phone: '+201000000000', otp: '123456' };

interface Request {
  method: string;
  /** The one that is right. */
  status: number;
  body: object | undefined;
  token: string | undefined;
}

interface Row {
  step: string;
  outcome: string;
  ms: number;
}

class Failed extends Error {}

/**
 * Makes the first requests of a client to any running stage: health, schema, countries, and with a
 * test number sign-in, refresh and logout. Prints a table, and exits with 1 if a request fails.
 */
async function run(): Promise<void> {
  const { url, phone, otp } = readOptions();
  const rows: Row[] = [];
  const step = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const row = { step: name, outcome: 'ok', ms: 0 };
    rows.push(row);
    try {
      return await act();
    } catch (error) {
      row.outcome = error instanceof Failed ? error.message : `no answer: ${(error as Error).message}`;
      throw error;
    } finally {
      row.ms = Math.round(performance.now() - startedAt);
    }
  };
  const call = (method: string, path: string, status: number, body?: object, token?: string) =>
    ask(`${url}${path}`, { method, status, body, token });

  try {
    const { version, commit, stage } = await step('health', () => call('GET', '/api/health/', 200));
    process.stdout.write(`${url} is the stage ${stage}, version ${version}, commit ${commit}\n\n`);
    await step('schema', () => call('GET', '/api/schema/', 200));
    await step('countries', async () => {
      const countries = await call('GET', '/api/countries/', 200);
      if (countries.length === 0) throw new Failed('there are none; load the seed data');
    });
    if (phone === undefined || otp === undefined) {
      rows.push({ step: 'login', outcome: 'skipped: no test number was given', ms: 0 });
      return;
    }
    await step('send code', () =>
      call('POST', '/api/sms/send-auth-otp/', 200, { phone_number: phone, otp_type: 'customer_auth' }),
    );
    const device = { registration_id: 'smoke-test' };
    const signedIn = await step('login', () =>
      call('POST', '/api/customers/authenticate/', 201, { phone_number: phone, otp, device, language: 'en' }),
    );
    const tokens = await step('refresh', () => call('POST', '/api/refresh-token/', 200, { refresh: signedIn.refresh }));
    await step('customer', () => call('GET', '/api/customers/me/', 200, undefined, tokens.access));
    const leaving = { refresh_token: tokens.refresh, ...device };
    await step('logout', () => call('POST', '/api/users/logout-device/', 204, leaving, tokens.access));
    await step('is out', () => call('GET', '/api/customers/me/', 401, undefined, tokens.access));
  } catch {
    process.exitCode = 1;
  } finally {
    for (const { step: name, outcome, ms } of rows) {
      process.stdout.write(`${name.padEnd(12)} ${`${ms} ms`.padStart(8)}  ${outcome}\n`);
    }
  }
}

function readOptions() {
  const options = { url: { type: 'string' }, phone: { type: 'string' }, otp: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  if (!URL.canParse(values.url ?? '')) throw new InputError(usage);
  const { href, hostname } = new URL(values.url ?? '');
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const { phone, otp } = { ...(isLocal && localNumber), ...values };
  return { url: href.replace(/\/$/, ''), phone, otp };
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
async function ask(url: string, request: Request): Promise<any> {
  const { method, status, body, token } = request;
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  // A new stage and one whose test customer exists already are both right.
  const isRight = response.status === status || (status === 201 && response.status === 200);
  if (!isRight) throw new Failed(`answered ${response.status} instead of ${status}: ${text.slice(0, 200)}`);
  return text ? JSON.parse(text) : undefined;
}

await runCommand(run);
