import { showAccount } from '../schemas/account.ts';
import { issueDeviceToken } from './deviceToken.ts';
import { mint } from './tokens.ts';

type SignedIn = Omit<Parameters<typeof showAccount>[0], 'token'> & { session: Parameters<typeof mint>[0] };

/**
 * The response to a login or a sign-up with a password.
 * @param name the e-mail address or phone that the account was called by
 */
export async function showSignedIn(account: SignedIn, name: string) {
  const [{ access, refresh }, device_token] = await Promise.all([mint(account.session), issueDeviceToken(name)]);
  return { ...showAccount({ ...account, token: access }), refresh_token: refresh, device_token };
}
