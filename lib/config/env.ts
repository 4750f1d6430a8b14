import type * as z from 'zod';

/**
 * Missing or wrong setting. The message names the variable without its value, which may be secret.
 */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

export class MissingSetting extends ConfigurationError {}

export function makeReaders(read: (variable: string) => string | undefined) {
  function text(variable: string, fallback?: string): string {
    const value = read(variable) || fallback;
    if (value === undefined) throw new MissingSetting(`The environment variable ${variable} is not set.`);
    return value;
  }

  function integer(variable: string, fallback: number): number {
    const value = read(variable);
    if (!value) return fallback;
    if (!/^-?\d{1,12}$/.test(value)) throw new ConfigurationError(`${variable} must be a whole number.`);
    return Number(value);
  }

  function count(variable: string, fallback: number, max = Number.MAX_SAFE_INTEGER): number {
    const value = integer(variable, fallback);
    if (value < 1 || value > max) throw new ConfigurationError(`${variable} must be from 1 to ${max}.`);
    return value;
  }

  function flag(variable: string, fallback: 'true' | 'false' = 'false'): boolean {
    const value = read(variable) || fallback;
    if (value !== 'true' && value !== 'false') throw new ConfigurationError(`${variable} must be true or false.`);
    return value === 'true';
  }

  function list(variable: string): string[] {
    return text(variable, ' ')
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean);
  }

  function json<S extends z.ZodType>(variable: string, schema: S, fallback: z.input<S>): z.output<S> {
    const value = read(variable);
    let parsed: unknown = fallback;
    try {
      if (value) parsed = JSON.parse(value);
    } catch {
      throw new ConfigurationError(`${variable} is not valid JSON.`);
    }
    const result = schema.safeParse(parsed);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new ConfigurationError(`${variable} is wrong at "${issue?.path.join('.')}": ${issue?.message}.`);
  }

  return { text, integer, count, flag, list, json };
}
