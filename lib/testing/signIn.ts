import { handler as sendOtp } from '../../functions/auth/sendOtp.ts';
import { handler as authenticate } from '../../functions/customers/authenticate.ts';
import type { Answer, SignedInCustomer, World } from './world.ts';

interface Options {
  phone?: string;
  registrationId?: string;
  language?: 'en' | 'ar';
}

let addresses = 0;

/** Has a code sent to a phone, each time from another client address. */
export async function requestCode(world: World, phone: string): Promise<string> {
  addresses += 1;
  const clientAddress = `198.51.${Math.floor(addresses / 250)}.${addresses % 250}`;
  const { status, body } = await world.call(sendOtp, {
    body: { phone_number: phone, otp_type: 'customer_auth' },
    clientAddress,
  });
  if (status !== 200) throw new Error(`The code was not sent: ${JSON.stringify(body)}`);
  return world.codeFor(phone);
}

/** Brings a code back. */
export function authenticateWith(world: World, phone: string, otp: string, options: Options = {}): Promise<Answer> {
  const { registrationId = `token:${phone}`, language = 'en' } = options;
  return world.call(authenticate, {
    body: { phone_number: phone, otp, device: { registration_id: registrationId }, language },
  });
}

/** A signed-in customer, new unless the phone is known. */
export async function signIn(world: World, options: Options = {}): Promise<SignedInCustomer> {
  const { phone = world.phone(), registrationId = `token:${phone}` } = options;
  const code = await requestCode(world, phone);
  const { status, body } = await authenticateWith(world, phone, code, { ...options, registrationId });
  if (status !== 200 && status !== 201) throw new Error(`Sign-in failed: ${JSON.stringify(body)}`);
  return { phone, registrationId, access: body.access, refresh: body.refresh, customer: body.customer };
}
