import { config } from '../config/config.ts';
import type { Language } from '../languages.ts';

interface EmailContent {
  language: Language;
  subject: string;
  paragraphs: readonly string[];
  /** Shown large, after the first paragraph. */
  code?: string;
}

/**
 * Returns the HTML of an e-mail. It sets no colours, so mail apps choose them for light and dark.
 */
export function layOutEmail({ language, subject, paragraphs, code }: EmailContent): string {
  const direction = language === 'ar' ? 'dir="rtl" lang="ar"' : `dir="ltr" lang="${language}"`;
  const [first = '', ...others] = paragraphs.map((text) => `<p style="margin:0 0 16px">${escapeHtml(text)}</p>`);
  const shownCode = code && `<p style="${codeStyle}"><span dir="ltr">${escapeHtml(code)}</span></p>`;
  return [
    `<!doctype html><html ${direction}><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escapeHtml(subject)}</title></head><body style="margin:0;padding:24px">`,
    `<div ${direction} style="${textStyle}">`,
    `<p style="margin:0 0 16px;font-weight:700">${escapeHtml(config.brandName)}</p>`,
    first,
    shownCode ?? '',
    ...others,
    '</div></body></html>',
  ].join('');
}

const textStyle =
  'max-width:480px;margin:0 auto;text-align:start;font-family:-apple-system,Segoe UI,Roboto,Arial,sans-serif;font-size:16px;line-height:1.6';
const codeStyle =
  'margin:0 0 16px;padding:16px;border:1px solid currentColor;border-radius:8px;text-align:center;font-size:32px;font-weight:700;letter-spacing:4px';

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
