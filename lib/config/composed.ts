import * as z from 'zod';
import { ConfigurationError, flag, json, list, map, optional, type Read, text } from './env.ts';
import { TestNumber } from './smsApps.ts';

// Readers of several variables, or with a rule of their own.

const stage = text('STAGE');

export const onlyLocally =
  <T>(read: Read<T>, elsewhere: T): Read<T> =>
  () =>
    stage() === 'local' ? read() : elsewhere;

export const stackName = (service: string, fallback: string) =>
  map(text(service, fallback), (name) => `${name}-${stage()}`);

export const credentials = (accessKeyId: string, secretAccessKey: string, sessionToken: string) => () => {
  const token = process.env[sessionToken];
  return {
    accessKeyId: text(accessKeyId)(),
    secretAccessKey: text(secretAccessKey)(),
    ...(token && { sessionToken: token }),
  };
};

export const cdnHeaders = (addressVariable: string, secretVariable: string, hashVariable: string) => () => {
  const [addressHeader, secretHeader] = [headerName(addressVariable), headerName(secretVariable)];
  const sha256 = optional(hashVariable)();
  if (sha256 && !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new ConfigurationError(`${hashVariable} must be a SHA-256 in hex.`);
  }
  if (!addressHeader && !secretHeader && !sha256) return undefined;
  if (!addressHeader || !secretHeader || !sha256 || addressHeader === secretHeader) {
    const variables = `${addressVariable}, ${secretVariable} and ${hashVariable}`;
    throw new ConfigurationError(`${variables} must be set together, for two headers.`);
  }
  return { addressHeader, secretHeader, secretSha256: Buffer.from(sha256, 'hex') };
};

/** Returns the header name in lower case, because functions receive headers so. */
function headerName(variable: string): string | undefined {
  const name = process.env[variable]?.toLowerCase() || undefined;
  if (name && !/^[a-z0-9-]{1,100}$/.test(name)) {
    throw new ConfigurationError(`${variable} must be the name of a header.`);
  }
  return name;
}

export const applications = (android: string, ios: string, web: string) => () => ({
  android: applicationArn(android, 'GCM'),
  ios: applicationArn(ios, 'APNS(_SANDBOX)?'),
  web: applicationArn(web, 'GCM'),
});

function applicationArn(variable: string, platform: string): string | undefined {
  const arn = process.env[variable] || undefined;
  if (arn && !new RegExp(`^arn:[\\w-]+:sns:[\\w-]+:\\d{12}:app/${platform}/[\\w.-]+$`).test(arn)) {
    throw new ConfigurationError(`${variable} must be the ARN of an SNS platform application for ${platform}.`);
  }
  return arn;
}

export const emailSender = (variable: string) =>
  map(optional(variable), (sender) => {
    if (sender && !/^[^\s@<>"]+@[^\s@<>"]+$/.test(sender)) {
      throw new ConfigurationError(`${variable} must be an e-mail address without a name.`);
    }
    return sender;
  });

export const domain = (variable: string) =>
  map(optional(variable), (name) => {
    if (name && !z.hostname().safeParse(name).success) throw new ConfigurationError(`${variable} must be a domain.`);
    return name;
  });

export const waits = (variable: string, fallback: number[]) =>
  map(list(variable), (entries) => {
    const seconds = entries.map(Number);
    if (seconds.length > 10 || !seconds.every((wait) => Number.isInteger(wait) && wait >= 0)) {
      throw new ConfigurationError(`${variable} must be up to ten whole numbers with commas between them.`);
    }
    return seconds.length > 0 ? seconds : fallback;
  });

export const testNumbers = (variable: string, permission: string) =>
  map(json(variable, z.array(TestNumber), []), (numbers) => {
    if (numbers.length > 0 && stage() === 'prod' && !flag(permission)()) {
      throw new ConfigurationError(`${variable} is set in prod without ${permission}=true.`);
    }
    return numbers;
  });
