import { callSns, isRejection, listParameters } from '../aws/snsQuery.ts';

/** SNS rejects this push token, because it is not a token of the platform. */
export class InvalidToken extends Error {
  override name = 'InvalidToken';
}

/**
 * Ensures that a push token has an enabled push endpoint in a platform application, without data
 * about its owner. Returns its ARN. It takes at most three calls from any state: the endpoint may
 * be missing, deleted, disabled, of another application, or have another token or other attributes.
 * @throws {InvalidToken}
 * @see https://docs.aws.amazon.com/sns/latest/dg/mobile-platform-endpoint.html
 */
export async function ensureEndpoint(
  token: string,
  application: string,
  currentArn: string | undefined,
): Promise<string> {
  if (currentArn && !belongsTo(application, currentArn)) await deleteEndpoint(currentArn);
  else if (currentArn && (await enable(currentArn, token))) return currentArn;
  const arn = await create(token, application);
  if (await enable(arn, token)) return arn;
  throw new Error('The push endpoint was deleted while it was being created.');
}

/**
 * Creates a push endpoint without attributes, which are set separately. SNS rejects a creation
 * whose attributes differ from those of an existing endpoint.
 */
async function create(token: string, application: string): Promise<string> {
  try {
    const response = await callSns('CreatePlatformEndpoint', { PlatformApplicationArn: application, Token: token });
    return /<EndpointArn>(\S+)<\/EndpointArn>/.exec(response)?.[1] ?? '';
  } catch (error) {
    if (!isRejection(error, 'InvalidParameter')) throw error;
    const [existing] = /arn:\S+:endpoint\/\S+(?= already exists)/.exec(error.body) ?? [];
    if (existing) return existing;
    throw /\bToken\b/.test(error.body) ? new InvalidToken() : error;
  }
}

/**
 * Enables a push endpoint. Returns false if it has been deleted, or if another endpoint has the
 * token.
 */
async function enable(arn: string, token: string): Promise<boolean> {
  try {
    await setAttributes(arn, { Token: token, Enabled: 'true', CustomUserData: '' });
    return true;
  } catch (error) {
    if (isRejection(error, 'NotFound', 'InvalidParameter')) return false;
    throw error;
  }
}

export async function disableEndpoint(arn: string): Promise<void> {
  try {
    await setAttributes(arn, { Enabled: 'false' });
  } catch (error) {
    if (!isRejection(error, 'NotFound')) throw error;
  }
}

async function setAttributes(EndpointArn: string, attributes: Record<string, string>): Promise<void> {
  const entries = Object.entries(attributes).map(([key, value]) => ({ key, value }));
  await callSns('SetEndpointAttributes', { EndpointArn, ...listParameters('Attributes', entries) });
}

/** Deletes a push endpoint. SNS also accepts one that does not exist. */
export async function deleteEndpoint(arn: string): Promise<void> {
  await callSns('DeleteEndpoint', { EndpointArn: arn });
}

/** Returns whether a push endpoint belongs to a platform application. Both are ARNs. */
export function belongsTo(application: string, endpoint: string): boolean {
  return endpoint.startsWith(`${application.replace(':app/', ':endpoint/')}/`);
}
