import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

type Cell = string | number;

export interface Table {
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

export interface Chart {
  title: string;
  kind: 'bar' | 'line';
  unit: string;
  categories: readonly string[];
  series: readonly { name: string; values: readonly number[] }[];
}

export interface Report {
  title: string;
  /** The method, and explanations that the tables do not contain. */
  notes: readonly string[];
  tables: readonly Table[];
  charts: readonly Chart[];
}

type SavedReport = Report & { measuredAt: string; node: string; cores: number };

const results = new URL('results/', import.meta.url);

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function printReport({ title, notes, tables }: Report): void {
  print(`\n# ${title}`);
  for (const note of notes) print(note);
  for (const { caption, columns, rows } of tables) {
    const all = [columns, ...rows].map((row) => row.map(toText));
    const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
    print(`\n${caption}`);
    for (const row of all) {
      const cells = row.map((cell, column) =>
        (column === 0 ? cell.padEnd : cell.padStart).call(cell, widths[column] ?? 0),
      );
      print(cells.join('  '));
    }
  }
}

export async function save(name: string, report: Report): Promise<void> {
  const environment = {
    measuredAt: new Date().toISOString().slice(0, 10),
    node: process.version,
    cores: availableParallelism(),
  };
  writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify({ ...environment, ...report }, undefined, 2)}\n`);
  const { draw } = await import('./draw.mjs');
  for (const [index, chart] of report.charts.entries())
    writeFileSync(new URL(plotOf(name, index), results), draw(chart));
}

const plotOf = (name: string, index: number) => `${name}${index === 0 ? '' : index + 1}.svg`;

/** Writes a page of all parts with results, in this order. */
export function writePage(names: readonly string[]): void {
  const files = readdirSync(results);
  const parts = names.filter((name) => files.includes(`${name}.json`)).map((name) => partOf(name));
  const head =
    '# How fast, how small, how it scales, what it costs\n\nMade by `npm run bench`; times are of one run on one machine, so compare them with each other only.\n';
  writeFileSync(new URL('README.md', results), [head, ...parts].join('\n'));
}

function partOf(name: string): string {
  const saved = JSON.parse(readFileSync(new URL(`${name}.json`, results), 'utf8')) as SavedReport;
  const tables = saved.tables.map(({ caption, columns, rows }) =>
    [
      `**${caption}**\n`,
      rowOf(columns),
      rowOf(columns.map((_, index) => (index === 0 ? '---' : '---:'))),
      ...rows.map(rowOf),
      '',
    ].join('\n'),
  );
  const plots = saved.charts.map(({ title }, index) => `![${title}](${plotOf(name, index)})\n`);
  const from = `*${saved.measuredAt}, Node.js ${saved.node}, ${saved.cores} cores*\n`;
  return [`## ${saved.title}\n`, ...saved.notes.map((note) => `${note}\n`), ...plots, ...tables, from].join('\n');
}

const rowOf = (cells: readonly Cell[]) => `| ${cells.map(toText).join(' | ')} |`;

function toText(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  return cell.toLocaleString('en-US', {
    maximumFractionDigits: Math.abs(cell) < 10 ? 2 : Math.abs(cell) < 100 ? 1 : 0,
  });
}

/** Returns the value below which this share of all values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
