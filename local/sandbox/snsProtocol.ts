import { randomUUID } from 'node:crypto';

export type Query = URLSearchParams;

export interface SnsResponse {
  status: 200 | 400 | 404 | 429 | 500;
  xml: string;
}

const namespace = 'http://sns.amazonaws.com/doc/2010-03-31/';

/**
 * Builds a successful response. Values are strings, or maps that become entries of keys and values.
 */
export function success(action: string, result: Record<string, string | Record<string, string>> = {}): SnsResponse {
  const values = Object.entries(result).map(([name, value]) => `<${name}>${toXml(value)}</${name}>`);
  return {
    status: 200,
    xml: `<${action}Response xmlns="${namespace}"><${action}Result>${values.join('')}</${action}Result><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`,
  };
}

export function failure(code: string, message: string, status: SnsResponse['status'] = 400): SnsResponse {
  const type = status === 500 ? 'Receiver' : 'Sender';
  return {
    status,
    xml: `<ErrorResponse xmlns="${namespace}"><Error><Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  };
}

/** Reads `Attributes.entry.1.key` and so on as an object. */
export function mapOf(query: Query, name: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (let entry = 1; query.has(`${name}.entry.${entry}.key`); entry++) {
    found[query.get(`${name}.entry.${entry}.key`) ?? ''] = query.get(`${name}.entry.${entry}.value`) ?? '';
  }
  return found;
}

/** Reads `MessageAttributes.entry.1.Name` and so on as an object. */
export function messageAttributesOf(query: Query): Record<string, string> {
  const found: Record<string, string> = {};
  for (let entry = 1; query.has(`MessageAttributes.entry.${entry}.Name`); entry++) {
    const prefix = `MessageAttributes.entry.${entry}`;
    found[query.get(`${prefix}.Name`) ?? ''] = query.get(`${prefix}.Value.StringValue`) ?? '';
  }
  return found;
}

function toXml(value: string | Record<string, string>): string {
  if (typeof value === 'string') return escapeXml(value);
  const entries = Object.entries(value);
  return entries.map(([k, v]) => `<entry><key>${escapeXml(k)}</key><value>${escapeXml(v)}</value></entry>`).join('');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
