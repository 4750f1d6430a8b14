import { domainToASCII, domainToUnicode } from 'node:url';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const domainName = new RegExp(`^(?=.{4,253}$)(?:${label}\\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])$`);

/** Returns whether a name in lower-case ASCII can be in the public DNS. No address by numbers is. */
export function isDomainName(name: string): boolean {
  // An invalid IDN stays in its ASCII form.
  return domainName.test(name) && !/(?:^|\.)xn--/.test(domainToUnicode(name));
}

/** A domain in the form that the DNS knows, so that all spellings of an IDN are one. */
export function toAsciiDomain(typed: string): string | undefined {
  // The converter parses a URL's host: it would cut a path off and decode percent signs.
  const ascii = /^[a-z0-9.\-\u0080-\u{10ffff}]+$/iu.test(typed) ? domainToASCII(typed) : '';
  return isDomainName(ascii) ? ascii : undefined;
}
