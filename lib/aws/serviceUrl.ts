import { config } from '../config/config.ts';
import { text } from '../config/env.ts';

/** Services by the name in their signatures. */
export type SignedService = 'dynamodb' | 'ssm' | 'sns' | 'sqs' | 's3' | 'ses';

/** SES has other names in its host and in the SDK's variable. */
const otherNames: Partial<Record<SignedService, { host: string; variable: string }>> = {
  ses: { host: 'email', variable: 'SESV2' },
};

/** Domains of the AWS partitions, by the prefix of their regions. */
const domains = { 'cn-': 'amazonaws.com.cn', 'eusc-': 'amazonaws.eu' };

/** Returns the URL of an AWS service. The local stack overrides it with the SDK's variables. */
export function findServiceUrl(service: SignedService): string {
  const [, domain] = Object.entries(domains).find(([start]) => config.region.startsWith(start)) ?? [];
  const { host, variable } = otherNames[service] ?? { host: service, variable: service.toUpperCase() };
  const forAll = text('AWS_ENDPOINT_URL', `https://${host}.${config.region}.${domain ?? 'amazonaws.com'}`)();
  return text(`AWS_ENDPOINT_URL_${variable}`, forAll)().replace(/\/$/, '');
}
