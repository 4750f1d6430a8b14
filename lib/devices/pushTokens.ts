import type { Device } from './device.ts';

/** Hexadecimal digits of whole bytes, with the spaces and brackets of iOS around them. */
function apnsToken(token: string): string | undefined {
  const digits = token.replace(/[\s<>]/g, '').toLowerCase();
  return /^(?:[0-9a-f]{2})+$/.test(digits) ? digits : undefined;
}

/**
 * A push token as it is stored. An APNs token is bytes, which apps spell in several ways. Other
 * tokens are case-sensitive.
 */
export function toCanonicalToken(token: string, type: Device['type'] | undefined): string {
  return (type === 'ios' && apnsToken(token)) || token;
}

/**
 * The spellings under which the device of a token may be stored, the given one first. Devices of
 * iOS were once stored as their app spelled the token.
 */
export function listSpellings(token: string): string[] {
  const apns = apnsToken(token);
  if (!apns) return [token];
  const described = `<${apns.replace(/.{8}(?=.)/g, '$& ')}>`;
  return [...new Set([token, apns, apns.toUpperCase(), described])];
}

export function hasSpellings(token: string): boolean {
  return apnsToken(token) !== undefined;
}
