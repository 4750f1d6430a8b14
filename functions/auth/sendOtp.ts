import { endpoint } from '../../lib/http/endpoint.ts';
import { identifyOtpCaller } from '../../lib/otp/deviceToken.ts';
import { OtpRequest, OtpSent } from '../../lib/otp/otpSchema.ts';
import { sendOtp } from '../../lib/otp/sendOtp.ts';

export const handler = endpoint(
  {
    operationId: 'sendOTP',
    tag: 'auth',
    summary: 'Send a one-time code to a phone by SMS.',
    description:
      'The SMS takes a few seconds. The code expires after `expires_in` seconds, and a new code replaces it. Further sends wait 60, 120 and then 300 seconds: until `resend_in` has passed the response is 429 `otp_send_limit`. The response does not tell whether the phone has an account.',
    body: OtpRequest,
    returns: { 200: OtpSent },
    errors: ['otpSendLimit', 'otpAttemptLimit', 'smsOptedOut', 'unavailable'],
  },
  async ({ body: { phone_number: phone, otp_type: type, app_id, channel, device_token }, language, clientIp }) => {
    const caller = await identifyOtpCaller(clientIp, device_token, phone.number);
    const sent = await sendOtp({ phone, type, appId: app_id ?? undefined, language, caller, attr: 'phone_number' });
    return {
      phone_number: phone.number,
      otp_type: type,
      expires_in: sent.expiresInSeconds,
      resend_in: sent.resendInSeconds,
      channel,
      channels: [channel],
    };
  },
);
