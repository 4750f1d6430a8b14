import type { Device } from './device.ts';

/**
 * Returns a token's hexadecimal digits without the spaces and brackets that iOS adds. Returns
 * undefined unless they are whole bytes.
 */
function parseApnsToken(token: string): string | undefined {
  const digits = token.replace(/[\s<>]/g, '').toLowerCase();
  return /^(?:[0-9a-f]{2})+$/.test(digits) ? digits : undefined;
}

/**
 * Returns a push token as it is stored. An APNs token is bytes, which apps spell in several ways.
 * Other tokens are case-sensitive.
 */
export function toCanonicalToken(token: string, type: Device['type'] | undefined): string {
  return (type === 'ios' && parseApnsToken(token)) || token;
}

/**
 * Returns the spellings under which a token's device may be stored, the given one first. Earlier
 * versions stored an iOS device as its app spelled the token.
 */
export function listSpellings(token: string): string[] {
  const apns = parseApnsToken(token);
  if (!apns) return [token];
  const described = `<${apns.replace(/.{8}(?=.)/g, '$& ')}>`;
  return [...new Set([token, apns, apns.toUpperCase(), described])];
}

export function isApnsToken(token: string): boolean {
  return parseApnsToken(token) !== undefined;
}
