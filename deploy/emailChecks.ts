import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { ServiceFailure, signedFetch } from '../lib/aws/signedFetch.ts';
import type { Finding } from './accountChecks.ts';

const Account = z.object({ ProductionAccessEnabled: z.boolean(), SendingEnabled: z.boolean() });
const Identity = z.object({ VerifiedForSendingStatus: z.boolean() });
const timeoutMs = 10_000;

/** Tells whether SES sends e-mails of a stage's sender to everyone. */
export async function checkEmailSender(sender: string, region: string): Promise<Finding> {
  if (!sender) return { outcome: 'ok', sentence: 'The stage has no sender of e-mails, so it sends none.' };
  await useCredentials(region);
  const { ProductionAccessEnabled, SendingEnabled } = Account.parse(await read('/v2/email/account'));
  const names = [sender, sender.slice(sender.indexOf('@') + 1)];
  const identities = await Promise.all(names.map(findIdentity));
  if (!identities.some((identity) => identity?.VerifiedForSendingStatus)) {
    return warn(
      `SES has not verified ${names.join(' or ')} in ${region}, so no e-mail is sent. Verify the domain: SES console, "Identities".`,
    );
  }
  if (!SendingEnabled) return warn(`SES has paused the account in ${region}: SES console, "Reputation metrics".`);
  return ProductionAccessEnabled
    ? { outcome: 'ok', sentence: `SES sends e-mails of ${sender} in ${region}.` }
    : warn(
        `SES is in the sandbox in ${region}, so only verified addresses get e-mails. Request production access in its console.`,
      );
}

/** The stage's customers log in without e-mails, so nothing here fails the check. */
const warn = (sentence: string): Finding => ({ outcome: 'warn', sentence });

/** Requests are signed as those of functions, with the credentials of this shell. */
async function useCredentials(region: string): Promise<void> {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = await new SNSClient({ region }).config.credentials();
  Object.assign(process.env, { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId });
  Object.assign(process.env, { AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken });
}

async function findIdentity(name: string): Promise<z.infer<typeof Identity> | undefined> {
  try {
    return Identity.parse(await read(`/v2/email/identities/${encodeURIComponent(name)}`));
  } catch (error) {
    if (error instanceof ServiceFailure && error.name === 'SesNotFoundException') return undefined;
    throw error;
  }
}

async function read(path: string): Promise<unknown> {
  return JSON.parse(await signedFetch('ses', path, { method: 'GET', headers: {}, timeoutMs }));
}
