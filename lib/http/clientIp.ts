import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { config } from '../config/config.ts';

/**
 * Returns the client's IP address: the source address that API Gateway saw, or the one in the CDN's
 * header. The header counts only with the CDN's secret and a valid address. Header names must be in
 * lower case.
 */
export function findClientIp(event: APIGatewayProxyEvent): string {
  const { sourceIp } = event.requestContext.identity;
  const { cdn } = config;
  if (!cdn || !isSecret(valuesOf(event, cdn.secretHeader), cdn.secretSha256)) return sourceIp;
  return addressIn(cdn.addressHeader, valuesOf(event, cdn.addressHeader), sourceIp) ?? sourceIp;
}

function valuesOf({ headers, multiValueHeaders }: APIGatewayProxyEvent, name: string): string[] {
  return multiValueHeaders?.[name] ?? [headers[name] ?? []].flat();
}

/** Rejects several values, because a CDN replaces the value that a client sent. */
function isSecret([secret, ...more]: string[], sha256: Buffer): boolean {
  if (secret === undefined || more.length > 0) return false;
  return timingSafeEqual(createHash('sha256').update(secret).digest(), sha256);
}

function addressIn(header: string, values: string[], sourceIp: string): string | undefined {
  const hops = values.flatMap((value) => value.split(',')).map((hop) => hop.trim());
  if (header !== 'x-forwarded-for') return hops.length > 1 ? undefined : parse(hops[0], header);
  // The CDN appends the client's address, then API Gateway appends the CDN's address. A client can
  // forge all earlier entries.
  if (hops.length > 1 && hops.at(-1) === sourceIp) hops.pop();
  return parse(hops.at(-1), header);
}

/**
 * Reads an address with or without a port. The port of an IPv6 address is ambiguous, except after
 * brackets and in CloudFront's header, which always has one.
 */
function parse(hop = '', header: string): string | undefined {
  const [, bracketed] = /^\[(.+)\](?::\d{1,5})?$/.exec(hop) ?? [];
  const withoutPort = hop.replace(/:\d{1,5}$/, '');
  const isWhole = isIP(hop) > 0 && header !== 'cloudfront-viewer-address';
  const address = bracketed ?? (isWhole ? hop : withoutPort);
  // A zone id has a meaning on one machine only.
  return isIP(address) > 0 && !address.includes('%') ? address : undefined;
}
