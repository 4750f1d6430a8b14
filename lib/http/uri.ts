import * as z from 'zod';

/** RFC 3986 without IP literals and apostrophes. */
const uri =
  /^[a-z][a-z0-9+.-]*:\/\/(?=\w)(?:[\w.~:/?@!$&()*+,;=-]|%[0-9a-f]{2})*(?:#(?:[\w.~:/?@!$&()*+,;=-]|%[0-9a-f]{2})*)?$/i;

/**
 * Encodes the characters that a URI cannot hold. Browsers accept more of them than other parsers do.
 */
export function toUri(url: string): string {
  if (uri.test(url)) return url;
  const [before = '', ...fragment] = (URL.parse(url)?.href ?? url).split('#');
  const encoded = [before, fragment.join('%23')].map((part) =>
    part.replace(/[^\w.~:/?@!$&'()*+,;=%-]|%(?![0-9a-f]{2})/giu, encodeURIComponent),
  );
  return fragment.length > 0 ? encoded.join('#') : encoded.join('');
}

/** A URL that is returned. */
export const Uri = z.url().overwrite(toUri);
