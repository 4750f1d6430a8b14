import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { config } from '../config/config.ts';

/**
 * The client's IP address: the source address that API Gateway saw, or behind a CDN the one in the
 * CDN's header. A header without the CDN's secret beside it, or without an address, does not count.
 * Expects header names in lower case.
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

/** A CDN replaces what the client sent under the name of its secret, so there is one value. */
function isSecret([secret, ...more]: string[], sha256: Buffer): boolean {
  if (secret === undefined || more.length > 0) return false;
  return timingSafeEqual(createHash('sha256').update(secret).digest(), sha256);
}

function addressIn(header: string, values: string[], sourceIp: string): string | undefined {
  const hops = values.flatMap((value) => value.split(',')).map((hop) => hop.trim());
  if (header !== 'x-forwarded-for') return hops.length > 1 ? undefined : parse(hops[0], header);
  // API Gateway appends the address of the CDN to the one that the CDN appended. The client can
  // write all before them.
  if (hops.length > 1 && hops.at(-1) === sourceIp) hops.pop();
  return parse(hops.at(-1), header);
}

/**
 * Reads an address with or without a port. After IPv6 a port is only clear in brackets, or where
 * there always is one.
 */
function parse(hop = '', header: string): string | undefined {
  const [, bracketed] = /^\[(.+)\](?::\d{1,5})?$/.exec(hop) ?? [];
  const withoutPort = hop.replace(/:\d{1,5}$/, '');
  const isWhole = isIP(hop) > 0 && header !== 'cloudfront-viewer-address';
  const address = bracketed ?? (isWhole ? hop : withoutPort);
  // A zone id means something on one machine only.
  return isIP(address) > 0 && !address.includes('%') ? address : undefined;
}
