import { randomUUID } from 'node:crypto';
import type { Endpoint } from '../lib/http/endpoint.ts';
import { loadEndpoint } from '../lib/openapi/openapi.ts';
import { readRoutes } from '../lib/openapi/routes.ts';
import { lambdaContext, restEvent, type TestRequest } from '../lib/testing/event.ts';
import type { Sandbox } from '../local/sandbox/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are of every shape, and a wrong one fails the measurement
type Body = any;

const files = new Map(readRoutes().map(({ functionName, file }) => [functionName, file]));
const endpoints = new Map<string, Endpoint>();

/** The endpoint of a function of serverless.yml. */
async function endpointOf(functionName: string): Promise<Endpoint> {
  const endpoint = endpoints.get(functionName) ?? (await loadEndpoint(files.get(functionName) ?? functionName));
  endpoints.set(functionName, endpoint);
  return endpoint;
}

/** Calls an endpoint; an answer that is not what was asked for ends the measurement. */
export async function call(functionName: string, request: TestRequest = {}): Promise<Body> {
  const endpoint = await endpointOf(functionName);
  const { statusCode, headers, body } = await endpoint(restEvent(request), lambdaContext());
  const isCodeOnItsWay = functionName === 'verifyPhone' && statusCode === 409;
  if (statusCode >= 300 && !isCodeOnItsWay) throw new Error(`${functionName} answered ${statusCode}: ${body}`);
  return String(headers?.['content-type']).includes('json') ? JSON.parse(body) : body;
}

/** The code in the newest SMS to a phone. */
export function codeFor(sandbox: Sandbox, phone: string): string {
  return /\b\d{6}\b/.exec(sandbox.messages.list(phone)[0]?.text ?? '')?.[0] ?? '';
}

let phones = 0;

/** An Egyptian mobile number that nobody has had. */
export function newPhone(): string {
  phones += 1;
  return `+2011${String(phones).padStart(8, '0')}`;
}

/** An address of the network that this phone is in. */
export function addressOf(phone: string): string {
  const number = Number(phone.slice(-8));
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

/** What asks for a code. */
export const codeRequest = (phone: string): TestRequest => ({
  body: { phone_number: phone, otp_type: 'customer_auth' },
  clientIp: addressOf(phone),
});

/** A body to sign in with. */
export const signInWith = (phone_number: string, otp: string) => ({
  phone_number,
  otp,
  device: { registration_id: randomUUID(), type: 'android' },
  language: 'en',
});

export async function signIn(sandbox: Sandbox, phone = newPhone()): Promise<Body> {
  await call('sendOtp', codeRequest(phone));
  return call('authenticate', { body: signInWith(phone, codeFor(sandbox, phone)) });
}
