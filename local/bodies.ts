import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

const secret = /pass|otp|token|code|secret|refresh|access|registration_id/i;

/** Returns the JSON body of a request without its secrets, or the size of any other body. */
export function showBody({ body, isBase64Encoded }: Pick<APIGatewayProxyEvent, 'body' | 'isBase64Encoded'>) {
  if (!body) return undefined;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const json = parsed(bytes.toString());
  if (typeof json !== 'object' || json === null) return `${bytes.length} bytes`;
  return JSON.stringify(json, (name, value) => (isSecret(name, value) ? '•••' : value), 2);
}

function isSecret(name: string, value: unknown): boolean {
  return secret.test(name) && value !== null && value !== '';
}

/** Why a request failed: `phone_number: invalid`, or the code alone where no field is wrong. */
export function showErrors({ statusCode, body, isBase64Encoded }: APIGatewayProxyResult): string[] {
  if (statusCode < 400 || isBase64Encoded) return [];
  const { errors } = (parsed(body) ?? {}) as { errors?: unknown };
  if (Array.isArray(errors)) return errors.map(({ attr, code }) => (attr ? `${attr}: ${code}` : String(code)));
  const { errorDetails = {} } = (errors ?? {}) as { errorDetails?: Record<string, string[]> };
  return Object.entries(errorDetails).map(([field, texts]) => `${field}: ${texts.join(' ')}`);
}

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
