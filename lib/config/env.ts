import type * as z from 'zod';

/**
 * Missing or wrong setting. The message names the variable without its value, which may be secret.
 */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

export class MissingSetting extends ConfigurationError {}

/** Reads a setting at each call, so that importing a module needs no environment. */
export type Read<T> = () => T;

/** Turns a table of readers into an object of settings, each read when it is used. */
export function readWhenUsed<T extends Record<string, Read<unknown>>>(table: T) {
  const getters = Object.entries(table).map(([name, get]) => [name, { get, enumerable: true }]);
  return Object.defineProperties({}, Object.fromEntries(getters)) as { readonly [K in keyof T]: ReturnType<T[K]> };
}

/** Changes a setting after it is read. */
export const map =
  <T, U>(read: Read<T>, change: (value: T) => U): Read<U> =>
  () =>
    change(read());

export const optional =
  (variable: string): Read<string | undefined> =>
  () =>
    process.env[variable] || undefined;

export const text =
  (variable: string, fallback?: string): Read<string> =>
  () => {
    const value = process.env[variable] || fallback;
    if (value === undefined) throw new MissingSetting(`The environment variable ${variable} is not set.`);
    return value;
  };

export const integer =
  (variable: string, fallback: number, min = Number.NEGATIVE_INFINITY, max = Number.MAX_SAFE_INTEGER): Read<number> =>
  () => {
    const value = process.env[variable] || String(fallback);
    if (!/^-?\d{1,12}$/.test(value)) throw new ConfigurationError(`${variable} must be a whole number.`);
    if (Number(value) >= min && Number(value) <= max) return Number(value);
    throw new ConfigurationError(`${variable} must be from ${min} to ${max}.`);
  };

export const count = (variable: string, fallback: number, max?: number) => integer(variable, fallback, 1, max);

export const flag = (variable: string, fallback: 'true' | 'false' = 'false') =>
  map(text(variable, fallback), (value) => {
    if (value !== 'true' && value !== 'false') throw new ConfigurationError(`${variable} must be true or false.`);
    return value === 'true';
  });

export const list = (variable: string) =>
  map(text(variable, ' '), (value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  );

export const json =
  <S extends z.ZodType>(variable: string, schema: S, fallback: z.input<S>): Read<z.output<S>> =>
  () => {
    const value = process.env[variable];
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
  };
