import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { config } from '../lib/config/config.ts';
import { ConfigurationError, MissingSetting } from '../lib/config/env.ts';

const page = new URL('../docs/configuration.md', import.meta.url);
const source = readFileSync(new URL('../lib/config/config.ts', import.meta.url), 'utf8');
const template = readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8');

/** The marker that ends the generated part. Text below it is written by hand and stays. */
export const marker = '<!-- Written by hand from here on. -->';

const head = `# Configuration

Every setting is an environment variable. [lib/config/config.ts](../lib/config/config.ts) reads it when it is used.
\`npm run docs:configuration\` generates this table from that file, and a test fails when the table is stale.

On your machine, set a variable in front of \`npm start\`. For a deployed stage, set the \`params\` entry of the last
column in [serverless.yml](../serverless.yml), or add the variable to \`environment\` there. A wrong value stops the
start of the stack, and the packaging of a stage. *template* as a default means that the template or Lambda sets the
variable.
`;

export interface Setting {
  name: string;
  variables: string[];
  docstring: string;
  default: string;
  limits: string;
}

/** A row of the table in config.ts, below its comment. */
const row = /^ {2}\/\*\* (.+) \*\/\n {2}(\w+): (.+),$/gm;

/** Settings in the order of config.ts. */
export function readSettings(): Setting[] {
  return Array.from(source.matchAll(row), ([, docstring = '', key = '', reader = '']) => {
    const name = key as keyof typeof config;
    const variables = Array.from(reader.matchAll(/'([A-Z][A-Z0-9_]+)'/g), ([, variable = '']) => variable);
    const literal = /, '([a-z][\w-]*)'\)$/.exec(reader)?.[1];
    return {
      name,
      variables,
      docstring,
      default: literal ? `\`${literal}\`` : readDefault(name, variables),
      limits: readLimits(name, variables),
    };
  });
}

/** Reads a setting in an environment that holds the stage and the given variables alone. */
function readIn(environment: Record<string, string>, name: keyof typeof config): unknown {
  const saved = process.env;
  process.env = { STAGE: 'local', ...environment };
  try {
    return config[name];
  } finally {
    process.env = saved;
  }
}

function readDefault(name: keyof typeof config, variables: readonly string[]): string {
  if (variables.includes('STAGE') && variables.length === 1) return '*template*';
  try {
    const value = readIn({}, name);
    const isUnset = value === undefined || (typeof value === 'object' && Object.values(value ?? {}).every(isNothing));
    if (isUnset) return '';
    const shown = Array.isArray(value) ? value.join(',') : String(value);
    return shown && `\`${shown}\`${inWords(Number(value), variables[0] ?? '')}`;
  } catch (error) {
    if (error instanceof MissingSetting) return '*template*';
    throw error;
  }
}

/** A large number in a unit that is read at a glance: ` (90 days)`. */
function inWords(value: number, variable: string): string {
  const units = variable.endsWith('_SECONDS')
    ? ([
        [86_400, 'days'],
        [3_600, 'hours'],
        [60, 'minutes'],
      ] as const)
    : variable.endsWith('_BYTES')
      ? ([
          [1024 * 1024, 'MiB'],
          [1024, 'KiB'],
        ] as const)
      : [];
  const unit = units.find(([size]) => value >= 2 * size && value % size === 0);
  return unit ? ` (${value / unit[0]} ${unit[1]})` : '';
}

function isNothing(value: unknown): boolean {
  return value === undefined;
}

/** Tells from the errors for wrong values which values are right. */
function readLimits(name: keyof typeof config, variables: readonly string[]): string {
  const limits = variables.map((variable) => {
    const [low, unreadable] = ['-1', '%'].map((value) => readError({ [variable]: value }, name));
    const range = /must be from (\d+) to (\d+)\./.exec(low ?? '');
    if (range) {
      const [, least, most] = range.map(Number);
      return most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`;
    }
    if (unreadable?.includes('valid JSON')) return 'JSON';
    const rule = /must be (?:an? |the )?(.+)\.$/.exec(unreadable ?? '')?.[1];
    return rule?.startsWith('set together') ? '' : (rule ?? '').replace(/ for \S+$/, '');
  });
  return [...new Set(limits.filter(Boolean))].join('; ');
}

function readError(environment: Record<string, string>, name: keyof typeof config): string | undefined {
  try {
    readIn(environment, name);
  } catch (error) {
    if (error instanceof ConfigurationError && !(error instanceof MissingSetting)) return error.message;
  }
  return undefined;
}

/** The entry of `params` that a variable gets its value from in serverless.yml. */
function findParam(variable: string): string | undefined {
  return new RegExp(`\\b${variable}: '?\\$\\{param:(\\w+)\\}`).exec(template)?.[1];
}

function writeRow({ variables, docstring, ...setting }: Setting): string {
  const params = variables.flatMap((variable) => findParam(variable) ?? []);
  const cells = [code(variables), docstring.replaceAll('|', '\\|'), setting.default, setting.limits, code(params)];
  return `| ${cells.join(' | ')} |`.replace(/ {2,}/g, ' ');
}

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** The whole page: the generated table, and below the marker what `current` has there. */
export function writeConfiguration(current: string): string {
  const table = ['| variable | sets | default | allowed | param |', '| --- | --- | --- | --- | --- |'];
  const [, byHand = '\n'] = current.split(marker);
  return `${head}\n${[...table, ...readSettings().map(writeRow)].join('\n')}\n\n${marker}${byHand}`;
}

export const readPage = () => readFileSync(page, 'utf8');

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(page, writeConfiguration(readPage()));
}
