import {
  CreatePlatformEndpointCommand,
  DeleteEndpointCommand,
  InvalidParameterException,
  NotFoundException,
  SetEndpointAttributesCommand,
} from '@aws-sdk/client-sns';
import { snsClient } from '../aws/sns.ts';

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
    const command = new CreatePlatformEndpointCommand({ PlatformApplicationArn: application, Token: token });
    return (await snsClient().send(command)).EndpointArn ?? '';
  } catch (error) {
    if (!(error instanceof InvalidParameterException)) throw error;
    const [existing] = /arn:\S+:endpoint\/\S+(?= already exists)/.exec(error.message) ?? [];
    if (existing) return existing;
    throw /\bToken\b/.test(error.message) ? new InvalidToken() : error;
  }
}

/**
 * Enables a push endpoint. Returns false if it has been deleted, or if another endpoint has the
 * token.
 */
async function enable(arn: string, token: string): Promise<boolean> {
  const attributes = { Token: token, Enabled: 'true', CustomUserData: '' };
  try {
    await snsClient().send(new SetEndpointAttributesCommand({ EndpointArn: arn, Attributes: attributes }));
    return true;
  } catch (error) {
    if (error instanceof NotFoundException || error instanceof InvalidParameterException) return false;
    throw error;
  }
}

export async function disableEndpoint(arn: string): Promise<void> {
  try {
    await snsClient().send(new SetEndpointAttributesCommand({ EndpointArn: arn, Attributes: { Enabled: 'false' } }));
  } catch (error) {
    if (!(error instanceof NotFoundException)) throw error;
  }
}

/** Deletes a push endpoint. SNS also accepts one that does not exist. */
export async function deleteEndpoint(arn: string): Promise<void> {
  await snsClient().send(new DeleteEndpointCommand({ EndpointArn: arn }));
}

/** Returns whether a push endpoint belongs to a platform application. Both are ARNs. */
export function belongsTo(application: string, endpoint: string): boolean {
  return endpoint.startsWith(`${application.replace(':app/', ':endpoint/')}/`);
}
