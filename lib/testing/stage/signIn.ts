import { handler as sendOtp } from '../../../functions/auth/sendOtp.ts';
import { handler as authenticate } from '../../../functions/customers/authenticate.ts';
import type { SignedInCustomer, TestResponse, World } from './world.ts';

interface Options {
  phone?: string;
  registrationId?: string;
  language?: 'en' | 'ar';
  deviceToken?: string;
  clientIp?: string;
}

/**
 * Returns the client IP of a phone. Each phone has its own, so that tests do not share rate limits.
 */
export function addressOf(phone: string): string {
  const number = Number(phone.slice(-6));
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

/** Requests an OTP for a phone, and reads it from the SMS. */
export async function requestOtp(world: World, phone: string, deviceToken?: string): Promise<string> {
  const { status, body } = await world.call(sendOtp, {
    body: { phone_number: phone, otp_type: 'customer_auth', device_token: deviceToken },
    clientIp: addressOf(phone),
  });
  if (status !== 200) throw new Error(`The code was not sent: ${JSON.stringify(body)}`);
  return world.otpFor(phone);
}

export function authenticateWith(
  world: World,
  phone: string,
  otp: string,
  options: Options = {},
): Promise<TestResponse> {
  const { registrationId = `token:${phone}`, language = 'en', deviceToken, clientIp = addressOf(phone) } = options;
  return world.call(authenticate, {
    body: {
      phone_number: phone,
      otp,
      device: { registration_id: registrationId },
      language,
      device_token: deviceToken,
    },
    clientIp,
  });
}

/** Signs in a customer. An unknown phone creates a new one. */
export async function signIn(world: World, options: Options = {}): Promise<SignedInCustomer> {
  const { phone = world.phone(), registrationId = `token:${phone}` } = options;
  const code = await requestOtp(world, phone, options.deviceToken);
  const { status, body } = await authenticateWith(world, phone, code, { ...options, registrationId });
  if (status !== 200 && status !== 201) throw new Error(`Sign-in failed: ${JSON.stringify(body)}`);
  return {
    phone,
    registrationId,
    access: body.access,
    refresh: body.refresh,
    customer: body.customer,
    deviceToken: body.device_token,
  };
}
