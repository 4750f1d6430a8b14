import site from '/api/site' with { type: 'json' };
import { arabic } from '/arabic.js';

/** The language that the developer chose, or else the browser's. */
export const language = localStorage.getItem('language') ?? (navigator.language.startsWith('ar') ? 'ar' : 'en');

export function say(text) {
  return (language === 'ar' && arabic[text]) || text;
}

export const element = (id) => document.getElementById(id);

Object.assign(document.documentElement, { lang: language, dir: language === 'ar' ? 'rtl' : 'ltr' });

document.title = `${say(document.title)} · ${site.service}`;

const nav = document.querySelector('nav');
for (const { path, name } of site.pages) {
  const link = document.createElement('a');
  Object.assign(link, { href: path, textContent: say(name) });
  if (path === location.pathname) link.setAttribute('aria-current', 'page');
  nav.append(link);
}
const other = document.createElement('button');
Object.assign(other, { type: 'button', className: 'language', lang: language === 'ar' ? 'en' : 'ar' });
other.textContent = language === 'ar' ? 'English' : 'العربية';
other.onclick = () => {
  localStorage.setItem('language', other.lang);
  location.reload();
};
nav.append(other);

for (const node of document.querySelectorAll('[data-api]')) node.textContent = site.api;
for (const node of document.querySelectorAll('[data-say]')) node.textContent = say(node.textContent);
for (const attribute of ['placeholder', 'aria-label', 'title']) {
  for (const node of document.querySelectorAll(`[${attribute}]`)) {
    node.setAttribute(attribute, say(node.getAttribute(attribute)));
  }
}
