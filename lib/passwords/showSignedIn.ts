import { issueDeviceToken } from '../otp/deviceToken.ts';
import { readOtpSecrets } from '../otp/otpHash.ts';
import { issueTokens, readSigningKey } from '../sessions/jwt.ts';
import { showAccount } from './accountSchema.ts';

type NewSession = Omit<Parameters<typeof showAccount>[0], 'token'> & { session: Parameters<typeof issueTokens>[0] };

/**
 * Reads the secrets that {@link showSignedIn} needs, before anything is counted or stored.
 * @throws unavailable
 */
export async function readSignInSecrets(): Promise<void> {
  await Promise.all([readSigningKey(), readOtpSecrets()]);
}

export async function showSignedIn(account: NewSession) {
  const [{ access, refresh }, device_token] = await Promise.all([
    issueTokens(account.session),
    issueDeviceToken(account.customer.id),
  ]);
  return { ...showAccount({ ...account, token: access }), refresh_token: refresh, device_token };
}
