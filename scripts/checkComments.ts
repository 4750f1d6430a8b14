import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const mostColumns = 100;
const badStart = /^(What|Who|Whose|Where|That|Those|Such)\b/;
const badWords = /\b(whoever|whatever|nobody|somebody)\b/i;

/** The lines of comments of a file, with their numbers and columns. */
function* readComments(file: string): Generator<{ line: number; columns: number; text: string; isFirst: boolean }> {
  const isScript = /\.[cm]?[jt]s$/.test(file);
  let isInside = false;
  let wasComment = false;
  for (const [index, source] of readFileSync(file, 'utf8').split('\n').entries()) {
    const block = isScript ? /^\s*\/\*\*?\s*(.*?)(\*\/)?\s*$/.exec(source) : null;
    const single = (isScript ? /^\s*\/\/\s?(.*)$/ : /^\s*#\s(.*)$/).exec(source);
    const inner = isInside ? /^\s*\*?\s?(.*?)(\*\/)?\s*$/.exec(source) : null;
    const match = inner ?? block ?? single;
    if (match) {
      const text = (match[1] ?? '').trim();
      const isFirst = inner ? false : block ? true : !wasComment;
      if (text || inner) yield { line: index + 1, columns: source.length, text, isFirst };
    }
    if (inner) isInside = !source.includes('*/');
    else if (block) isInside = !source.includes('*/');
    wasComment = Boolean(single);
  }
}

const files = execFileSync('git', ['ls-files', '*.ts', '*.js', '*.cjs', '*.cts', '*.mjs', '*.yml'], {
  encoding: 'utf8',
});
let count = 0;
for (const file of files.trim().split('\n')) {
  let isStart = true;
  for (const { line, columns, text, isFirst } of readComments(file)) {
    if (/^(biome-ignore|@ts-|https?:)/.test(text)) continue;
    const startsComment = isFirst || isStart;
    isStart = text === '' || text === '*';
    const problems = [
      ...(columns > mostColumns && !/https?:\S{60,}/.test(text)
        ? [`is ${columns} columns wide, more than ${mostColumns}`]
        : []),
      ...(startsComment && badStart.test(text) ? [`begins with "${text.split(' ')[0]}"`] : []),
      ...(badWords.test(text) ? [`says "${badWords.exec(text)?.[0]}"`] : []),
    ];
    for (const problem of problems) {
      count += 1;
      process.stdout.write(`${file}:${line} a comment ${problem}\n`);
    }
  }
}
if (count > 0) process.exitCode = 1;
