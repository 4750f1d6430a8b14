import { randomUUID } from 'node:crypto';
import type { Endpoint } from '../lib/http/endpoint.ts';
import { loadEndpoint } from '../lib/openapi/openapi.ts';
import { readRoutes } from '../lib/openapi/routes.ts';
import { lambdaContext, restEvent, type TestRequest } from '../lib/testing/stage/event.ts';
import type { Sandbox } from '../local/sandbox/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are of every shape, and a wrong one fails the measurement
type Body = any;

const files = new Map(readRoutes().map(({ functionName, file }) => [functionName, file]));
const endpoints = new Map<string, Endpoint>();

async function endpointOf(functionName: string): Promise<Endpoint> {
  const endpoint = endpoints.get(functionName) ?? (await loadEndpoint(files.get(functionName) ?? functionName));
  endpoints.set(functionName, endpoint);
  return endpoint;
}

/**
 * Calls an endpoint.
 * @throws if the request fails, because the measurement would be wrong
 */
export async function call(functionName: string, request: TestRequest = {}): Promise<Body> {
  const endpoint = await endpointOf(functionName);
  const { statusCode, headers, body } = await endpoint(restEvent(request), lambdaContext());
  const isCodeOnItsWay = functionName === 'passwordVerifyPhone' && statusCode === 409;
  if (statusCode >= 300 && !isCodeOnItsWay) throw new Error(`${functionName} answered ${statusCode}: ${body}`);
  return String(headers?.['content-type']).includes('json') ? JSON.parse(body) : body;
}

/** Returns the OTP in the newest SMS to a phone, or an empty string. */
export function otpFor(sandbox: Sandbox, phone: string): string {
  return /\b\d{6}\b/.exec(sandbox.messages.list(phone)[0]?.text ?? '')?.[0] ?? '';
}

let phones = 0;

export function newPhone(): string {
  phones += 1;
  return `+2011${String(phones).padStart(8, '0')}`;
}

/** Returns the client IP of a phone. Each phone has its own. */
export function addressOf(phone: string): string {
  const number = Number(phone.slice(-8));
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

export const codeRequest = (phone: string): TestRequest => ({
  body: { phone_number: phone, otp_type: 'customer_auth' },
  clientIp: addressOf(phone),
});

export const signInWith = (phone_number: string, otp: string) => ({
  phone_number,
  otp,
  device: { registration_id: randomUUID(), type: 'android' },
  language: 'en',
});

export async function signIn(sandbox: Sandbox, phone = newPhone()): Promise<Body> {
  await call('authSendOtp', codeRequest(phone));
  return call('customersAuthenticate', { body: signInWith(phone, otpFor(sandbox, phone)) });
}
