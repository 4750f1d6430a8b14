import * as z from 'zod';
import { InputError } from '../local/inputError.ts';

/**
 * The files of this folder that operators edit. Each exports a constant with the name of the file.
 */
type File = 'app' | 'countries' | 'faqs' | 'settings';

const mostProblems = 20;

/**
 * Reads the export of a file.
 * @throws {InputError} if the file cannot be read
 */
export async function read(file: File): Promise<unknown> {
  let exported: Record<string, unknown>;
  try {
    exported = await import(`./${file}.ts`);
  } catch (error) {
    const { message, stack } = error as Error;
    const line = stack?.match(new RegExp(`/${file}\\.ts:(\\d+)`))?.[1];
    throw new InputError(`seed/${file}.ts cannot be read${line ? `, at line ${line}` : ''}: ${message}.`);
  }
  if (file in exported) return exported[file];
  throw new InputError(`seed/${file}.ts exports no "${file}".`);
}

/**
 * Parses the content of a file.
 * @throws {InputError} that lists each problem
 */
export function check<S extends z.ZodType>(file: File, schema: S, content: unknown): z.output<S> {
  const { data, error } = schema.safeParse(content);
  if (!error) return data as z.output<S>;
  throw toInputError(file, error.issues);
}

export function toInputError(file: File, issues: readonly Pick<z.core.$ZodIssue, 'path' | 'message'>[]): InputError {
  const problems = issues.slice(0, mostProblems).map(({ path, message }) => {
    return `seed/${file}.ts is wrong at ${z.core.toDotPath([file, ...path])}: ${message}.`;
  });
  return new InputError(...problems);
}
