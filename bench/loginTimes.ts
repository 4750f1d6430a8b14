import { handler as deleteCustomer } from '../functions/customers/delete.ts';
import { handler as changeSettings } from '../functions/operators/changeSettings.ts';
import { handler as login } from '../functions/password/login.ts';
import { handler as signup } from '../functions/password/signup.ts';
import type { Endpoint } from '../lib/http/endpoint.ts';
import { lambdaContext, restEvent, type TestRequest } from '../lib/testing/stage/event.ts';
import { median, print, quantile } from './report.ts';
import { startStage } from './stage.ts';

/**
 * The number of failed logins of each kind, which run in turn. Their times must not reveal whether
 * an account exists.
 */
const attempts = 200;

const { stop } = await startStage();
// Makes a changed setting effective at once.
process.env.SEED_CACHE_SECONDS = '0';

await signUp('known@example.com', '+201001234567');
await signUpAtLowerCost('outdated@example.com', '+201001234560');
const deleted = await signUp('deleted@example.com', '+201001234568');
await call(deleteCustomer, { method: 'DELETE', token: deleted.token });

await compare('email', ['known@example.com', 'outdated@example.com', 'unknown@example.com', 'deleted@example.com']);
await changeSettings({ set: { enablePhoneLogin: true } });
await compare('phone', ['+201001234567', '+201001234560', '+201001234569', '+201001234568']);

await stop();

/**
 * @param names an account with another password, one with a cheaper hash, no account, and a deleted
 * account
 */
async function compare(field: 'email' | 'phone', names: readonly string[]): Promise<void> {
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < attempts; round++) {
    for (const [name, samples] of times) {
      const clientIp = `10.${round >> 8}.${round & 255}.1`;
      const startedAt = performance.now();
      await call(login, { body: { [field]: name, password: 'not the password' }, clientIp });
      samples.push(performance.now() - startedAt);
    }
  }
  const medians = [...times.values()].map((values) => median(values));
  for (const [name, values] of times) {
    print(`${name.padEnd(22)} median ${median(values).toFixed(1)} ms, p90 ${quantile(values, 0.9).toFixed(1)} ms`);
  }
  print(`medians apart          ${(Math.max(...medians) - Math.min(...medians)).toFixed(1)} ms`);
}

async function signUp(email: string, phone: string): Promise<{ token: string }> {
  const person = { name: 'Mona', last_name: 'Hassan', birthdate: '1990-05-17', password: 'blue tea 42 cups' };
  return (await call(signup, { body: { ...person, email, phone } })).data;
}

/** Verifying a cheaper hash takes less time, so the function must compensate for it. */
async function signUpAtLowerCost(email: string, phone: string): Promise<void> {
  process.env.PASSWORD_PASSES = '1';
  await signUp(email, phone);
  delete process.env.PASSWORD_PASSES;
}

async function call(handler: Endpoint, request: TestRequest) {
  const { body } = await handler(restEvent(request), lambdaContext());
  return body ? JSON.parse(body) : undefined;
}
