import { handler as setEmail } from '../../../functions/customers/setEmail.ts';
import { handler as verifyEmail } from '../../../functions/customers/verifyEmail.ts';
import { nextAddress } from './signUp.ts';
import type { World } from './world.ts';

/** Requests an OTP to a new e-mail address of a customer, and reads it from the e-mail. */
export async function requestEmailOtp(world: World, token: string, email: string): Promise<string> {
  const { status, body } = await world.call(setEmail, { token, body: { email }, clientIp: nextAddress() });
  if (status !== 202) throw new Error(`No code was sent: ${JSON.stringify(body)}`);
  return world.otpFor(email);
}

/** Gives a customer an e-mail address that they have verified. */
export async function verifyAddress(world: World, token: string, email: string): Promise<void> {
  const otp = await requestEmailOtp(world, token, email);
  const { status, body } = await world.call(verifyEmail, { token, body: { otp }, clientIp: nextAddress() });
  if (status !== 200) throw new Error(`The address was not verified: ${JSON.stringify(body)}`);
}
