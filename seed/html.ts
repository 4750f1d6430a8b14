import sanitizeHtml from 'sanitize-html';

/** HTML without whatever could run or reach out: scripts, handlers, styles, forms, frames. */
export function clean(html: string): string {
  return sanitizeHtml(html, { allowedTags: [...sanitizeHtml.defaults.allowedTags, 'img'] });
}

/** Text without tags. All else is as it was written, for apps show it as it is. */
export function plain(text: string): string {
  const written = text.replaceAll('&', '&amp;').replace(/<(?![^<]*>)/g, '&lt;');
  const escaped = sanitizeHtml(written, { allowedTags: [], allowedAttributes: {} });
  return escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
