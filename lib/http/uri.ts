import * as z from 'zod';

/** RFC 3986 without IP literals and apostrophes. */
const uri =
  /^[a-z][a-z0-9+.-]*:\/\/(?=\w)(?:[\w.~:/?@!$&()*+,;=-]|%[0-9a-f]{2})*(?:#(?:[\w.~:/?@!$&()*+,;=-]|%[0-9a-f]{2})*)?$/i;

/** Percent-encodes characters outside RFC 3986, because some parsers reject them. */
export function toUri(url: string): string {
  if (uri.test(url)) return url;
  const [before = '', ...fragment] = (URL.parse(url)?.href ?? url).split('#');
  const encoded = [before, fragment.join('%23')].map((part) =>
    part.replace(/[^\w.~:/?@!$&'()*+,;=%-]|%(?![0-9a-f]{2})/giu, encodeURIComponent),
  );
  return fragment.length > 0 ? encoded.join('#') : encoded.join('');
}

export const Uri = z.url().overwrite(toUri);
