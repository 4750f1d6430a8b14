import { randomUUID } from 'node:crypto';
import { readPush } from './pushPayload.ts';
import type { Call } from './sns.ts';
import { failure, mapOf, type SnsResponse, success } from './snsProtocol.ts';

interface Endpoint {
  arn: string;
  application: string;
  token: string;
  enabled: boolean;
  customUserData: string;
}

const account = 'arn:aws:sns:eu-central-1:000000000000';
const platforms = ['GCM', 'APNS', 'APNS_SANDBOX'];

/** The initial platform applications, one per type of device. */
export const applications = {
  android: `${account}:app/GCM/shop-android`,
  ios: `${account}:app/APNS_SANDBOX/shop-ios`,
  web: `${account}:app/GCM/shop-web`,
};

/**
 * The mobile push side of SNS: platform applications, their push endpoints and the published
 * pushes. It accepts any string as a push token, so developers can make tokens up.
 */
export class Platforms {
  readonly applications = new Set<string>(Object.values(applications));
  readonly endpoints = new Map<string, Endpoint>();
  calls: string[] = [];

  endpointOf(token: string, application?: string): Endpoint | undefined {
    return [...this.endpoints.values()].find(
      (endpoint) => endpoint.token === token && (!application || endpoint.application === application),
    );
  }

  publish({ query, messages, faults }: Call): SnsResponse {
    const endpoint = this.endpoints.get(query.get('TargetArn') ?? '');
    if (!endpoint) {
      const reason = 'No endpoint found for the target arn specified';
      return failure('InvalidParameter', `Invalid parameter: TargetArn Reason: ${reason}`);
    }
    if (!endpoint.enabled) return failure('EndpointDisabled', 'Endpoint is disabled');
    const platform = endpoint.application.split('/')[1] ?? '';
    const push = readPush(query, platform);
    if (typeof push === 'string') return failure('InvalidParameter', `Invalid parameter: ${push}`);
    if (faults.uninstalled.includes(endpoint.token)) {
      endpoint.enabled = false;
      return success('Publish', { MessageId: randomUUID() });
    }
    const text = [push.title, push.body].filter(Boolean).join('\n');
    const payload = { platform, ...push };
    return success('Publish', { MessageId: messages.deliver({ kind: 'push', to: endpoint.token, text, payload }).id });
  }
}

/** @see https://docs.aws.amazon.com/sns/latest/api/API_CreatePlatformEndpoint.html */
export const platformActions: Record<string, (call: Call) => SnsResponse> = {
  CreatePlatformApplication({ query, platforms: state }) {
    const platform = query.get('Platform') ?? '';
    if (!platforms.includes(platform)) {
      return failure('InvalidParameter', `Invalid parameter: Platform Reason: ${platform} is not supported`);
    }
    const PlatformApplicationArn = `${account}:app/${platform}/${query.get('Name')}`;
    state.applications.add(PlatformApplicationArn);
    return success('CreatePlatformApplication', { PlatformApplicationArn });
  },

  CreatePlatformEndpoint({ query, platforms: state }) {
    const application = query.get('PlatformApplicationArn') ?? '';
    const token = query.get('Token') ?? '';
    if (!state.applications.has(application)) return failure('NotFound', 'PlatformApplication does not exist', 404);
    if (!token) return failure('InvalidParameter', 'Invalid parameter: Token Reason: cannot be empty');
    const attributes = { CustomUserData: query.get('CustomUserData') ?? '', ...mapOf(query, 'Attributes') };
    const existing = state.endpointOf(token, application);
    if (existing && !has(existing, attributes)) return tokenInUse(existing);
    const arn = existing?.arn ?? `${application.replace(':app/', ':endpoint/')}/${randomUUID()}`;
    if (!existing) {
      const endpoint = { arn, application, token, enabled: true, customUserData: '' };
      const rejection = change(endpoint, attributes);
      if (rejection) return rejection;
      state.endpoints.set(arn, endpoint);
    }
    return success('CreatePlatformEndpoint', { EndpointArn: arn });
  },

  GetEndpointAttributes({ query, platforms: state }) {
    const endpoint = state.endpoints.get(query.get('EndpointArn') ?? '');
    return endpoint ? success('GetEndpointAttributes', { Attributes: attributesOf(endpoint) }) : unknownEndpoint();
  },

  SetEndpointAttributes({ query, platforms: state }) {
    const endpoint = state.endpoints.get(query.get('EndpointArn') ?? '');
    if (!endpoint) return unknownEndpoint();
    const attributes = mapOf(query, 'Attributes');
    const other = attributes.Token ? state.endpointOf(attributes.Token, endpoint.application) : undefined;
    if (other && other !== endpoint) return tokenInUse(other);
    return change(endpoint, attributes) ?? success('SetEndpointAttributes');
  },

  DeleteEndpoint({ query, platforms: state }) {
    state.endpoints.delete(query.get('EndpointArn') ?? '');
    return success('DeleteEndpoint');
  },
};

function attributesOf({ token, enabled, customUserData }: Endpoint): Record<string, string> {
  return { Token: token, Enabled: String(enabled), CustomUserData: customUserData };
}

function has(endpoint: Endpoint, wanted: Record<string, string>): boolean {
  const attributes = attributesOf(endpoint);
  return Object.entries(wanted).every(([name, value]) => attributes[name]?.toLowerCase() === value.toLowerCase());
}

function change(endpoint: Endpoint, wanted: Record<string, string>): SnsResponse | undefined {
  if (Buffer.byteLength(wanted.CustomUserData ?? '') > 2_048) {
    return failure(
      'InvalidParameter',
      'Invalid parameter: CustomUserData Reason: must be at most 2048 bytes long in UTF-8 encoding',
    );
  }
  endpoint.token = wanted.Token ?? endpoint.token;
  endpoint.enabled = (wanted.Enabled ?? String(endpoint.enabled)).toLowerCase() === 'true';
  endpoint.customUserData = wanted.CustomUserData ?? endpoint.customUserData;
  return undefined;
}

function tokenInUse({ arn }: Endpoint): SnsResponse {
  const reason = `Endpoint ${arn} already exists with the same Token, but different attributes.`;
  return failure('InvalidParameter', `Invalid parameter: Token Reason: ${reason}`);
}

function unknownEndpoint(): SnsResponse {
  return failure('NotFound', 'Endpoint does not exist', 404);
}
