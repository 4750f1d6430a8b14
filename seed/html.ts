import sanitizeHtml, { type Attributes, type IOptions } from 'sanitize-html';

const linkSchemes = ['https', 'mailto', 'tel'];
const imageSchemes = ['https'];

/** The attributes that number lists and span cells, with their valid values. */
const numbering = new Map([
  ['start', /^-?\d{1,9}$/],
  ['value', /^-?\d{1,9}$/],
  ['type', /^[1aAiI]$/],
  ['colspan', /^(?:[1-9]\d{0,2}|1000)$/],
  ['rowspan', /^\d{1,4}$/],
  ['scope', /^(?:row|col|rowgroup|colgroup)$/i],
]);

const options: IOptions = {
  allowedTags: [...sanitizeHtml.defaults.allowedTags, 'img'],
  allowedAttributes: {
    '*': ['dir', 'lang'],
    a: ['href', 'rel'],
    img: ['src', 'alt', 'width', 'height', 'referrerpolicy'],
    ol: ['start', 'reversed', 'type'],
    li: ['value'],
    td: ['colspan', 'rowspan', 'scope'],
    th: ['colspan', 'rowspan', 'scope'],
  },
  allowedSchemes: linkSchemes,
  allowedSchemesByTag: { img: imageSchemes },
  transformTags: {
    '*': (tagName, attribs) => ({ tagName, attribs: withNumbering(attribs) }),
    a: (tagName, { href, rel: _, ...others }) => ({
      tagName,
      attribs: isAbsolute(href, linkSchemes) ? { ...others, href, rel: 'noopener noreferrer' } : others,
    }),
    img: (tagName, { src, referrerpolicy: _, ...others }) => ({
      tagName,
      attribs: isAbsolute(src, imageSchemes) ? { ...others, src, referrerpolicy: 'no-referrer' } : others,
    }),
  },
  exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !attribs.src,
};

/**
 * Removes everything from HTML that could run, style or submit: scripts, handlers, forms, frames
 * and names. Links may use https, mailto or tel, and images https. Neither sends the address of the
 * page.
 */
export function clean(html: string): string {
  return sanitizeHtml(html, options);
}

/** Removes the tags of a text. Everything else stays as written, because apps show it unparsed. */
export function plain(text: string): string {
  const prepared = text.replaceAll('&', '&amp;').replace(/<(?![^<]*>)/g, '&lt;');
  const escaped = sanitizeHtml(prepared, { allowedTags: [], allowedAttributes: {} });
  return escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function withNumbering(attribs: Attributes): Attributes {
  const valid = Object.entries(attribs).filter(([name, value]) => numbering.get(name)?.test(value) ?? true);
  return Object.fromEntries(valid.map(([name, value]) => [name, name === 'reversed' ? '' : value]));
}

function isAbsolute(address: string | undefined, schemes: readonly string[]): address is string {
  const protocol = address === undefined ? undefined : URL.parse(address)?.protocol;
  return protocol !== undefined && schemes.includes(protocol.slice(0, -1));
}
