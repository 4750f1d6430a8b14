import {
  CreatePlatformEndpointCommand,
  DeleteEndpointCommand,
  InvalidParameterException,
  NotFoundException,
  SetEndpointAttributesCommand,
} from '@aws-sdk/client-sns';
import { snsClient } from '../aws/sns.ts';

/** SNS does not take this push token: it is none of the platform's. */
export class InvalidToken extends Error {
  override name = 'InvalidToken';
}

/**
 * Makes sure that a push token has an endpoint in a platform application that is enabled and says nothing of its owner, and
 * answers its ARN. It takes at most three calls, from whatever state: no endpoint, or one that is gone, disabled, of another
 * application, or has another token or other attributes.
 * @throws {InvalidToken}
 * @see https://docs.aws.amazon.com/sns/latest/dg/mobile-platform-endpoint.html
 */
export async function ensureEndpoint(token: string, application: string, known: string | undefined): Promise<string> {
  if (known && !belongsTo(application, known)) await deleteEndpoint(known);
  else if (known && (await enable(known, token))) return known;
  const arn = await create(token, application);
  if (await enable(arn, token)) return arn;
  throw new Error('The endpoint was taken away while it was made.');
}

/** The attributes are set apart: an endpoint that is there with others would be refused by its creation. */
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

/** Answers false for an endpoint that is gone, or cannot have this token because another one has it. */
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

/** One that is not there any more is deleted, too. */
export async function deleteEndpoint(arn: string): Promise<void> {
  await snsClient().send(new DeleteEndpointCommand({ EndpointArn: arn }));
}

/** Whether an endpoint is one of a platform application; both are ARNs. */
export function belongsTo(application: string, endpoint: string): boolean {
  return endpoint.startsWith(`${application.replace(':app/', ':endpoint/')}/`);
}
