import { domainToASCII, domainToUnicode } from 'node:url';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const domainName = new RegExp(`^(?=.{4,253}$)(?:${label}\\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])$`);

/** Returns whether a name in lower-case ASCII can be in the public DNS. An IP address cannot. */
export function isDomainName(name: string): boolean {
  // An invalid IDN stays in its ASCII form.
  return domainName.test(name) && !/(?:^|\.)xn--/.test(domainToUnicode(name));
}

/** Converts a domain to its ASCII form, so that all spellings of an IDN are equal. */
export function toAsciiDomain(domain: string): string | undefined {
  // domainToASCII parses a URL host, so it would cut off a path and decode percent signs.
  const ascii = /^[a-z0-9.\-\u0080-\u{10ffff}]+$/iu.test(domain) ? domainToASCII(domain) : '';
  return isDomainName(ascii) ? ascii : undefined;
}
