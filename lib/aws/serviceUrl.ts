import { config } from '../config/config.ts';
import { text } from '../config/env.ts';

export type SignedService = 'dynamodb' | 'ssm' | 'sns' | 'sqs' | 's3';

/** Domains of the AWS partitions, by the prefix of their regions. */
const domains = { 'cn-': 'amazonaws.com.cn', 'eusc-': 'amazonaws.eu' };

/** Returns the URL of an AWS service. The local stack overrides it with the SDK's variables. */
export function findServiceUrl(service: SignedService): string {
  const [, domain] = Object.entries(domains).find(([start]) => config.region.startsWith(start)) ?? [];
  const forAll = text('AWS_ENDPOINT_URL', `https://${service}.${config.region}.${domain ?? 'amazonaws.com'}`)();
  return text(`AWS_ENDPOINT_URL_${service.toUpperCase()}`, forAll)().replace(/\/$/, '');
}
