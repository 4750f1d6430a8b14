import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter(existsSync);

test.each(pages)('every link of %s leads to an existing file and heading', (page) => {
  expect(findBrokenLinks(page)).toEqual([]);
});

test('broken links, anchors and references are found', () => {
  const text = '# A page\n[a](#a-page) [b](#b) [c](missing.md) [d](LICENSE) [e]: gone.md\n```\n[f](gone.md)\n```\n';
  expect(findBroken('page.md', `${text}[g]: gone.md\n`)).toEqual(['#b', 'missing.md', 'gone.md']);
});

function findBrokenLinks(page: string): string[] {
  return findBroken(page, readFileSync(page, 'utf8'));
}

/** Finds broken relative links. Code and links to other sites are ignored. */
function findBroken(page: string, source: string): string[] {
  const text = withoutCode(source);
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)/g)];
  const references = [...text.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm)];
  const html = [...text.matchAll(/<(?:a|img)\b[^>]*?\b(?:href|src)="([^"]+)"/g)];
  const targets = [...inline, ...references, ...html].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z][a-z+.-]*:/i.test(target) && !leadsSomewhere(page, text, target));
}

function leadsSomewhere(page: string, text: string, target: string): boolean {
  const [path = '', anchor] = target.split('#').map(decodeURIComponent);
  const file = path ? join(dirname(page), path) : page;
  if (path && !existsSync(file)) return false;
  if (anchor === undefined) return true;
  if (path && (statSync(file).isDirectory() || !file.endsWith('.md'))) return false;
  return findAnchors(path ? withoutCode(readFileSync(file, 'utf8')) : text).has(anchor);
}

/** Returns the anchors of headings on GitHub. A repeated heading gets a number. */
function findAnchors(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** A heading may contain code, so only its backticks are removed. */
function withoutCode(source: string): string {
  return source
    .replace(/^ *(```|~~~)[\s\S]*?^ *\1\s*$/gm, '')
    .replace(/^#.*$/gm, (heading) => heading.replaceAll('`', ''))
    .replace(/`[^`\n]*`/g, '`');
}
