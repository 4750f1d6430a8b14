import type { Json } from './schemas.ts';

/** Keywords that hold values and not schemas. */
const values = new Set(['const', 'default', 'enum', 'example', 'examples', 'required']);

/**
 * Rewrites schemas so that generated clients compile and work. Without a format, Kotlin, Java and
 * Swift clients parse ids as 32-bit integers. `anyOf` with null becomes a class.
 */
export function easeGeneration(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(easeGeneration);
  if (!isObject(node)) return node;
  const entries = Object.entries(node).map(([name, value]) => [name, values.has(name) ? value : easeGeneration(value)]);
  return [mergeNull, nameType, nameFormat, open].reduce((schema, ease) => ease(schema), Object.fromEntries(entries));
}

function isObject(node: unknown): node is Json {
  return typeof node === 'object' && node !== null;
}

/**
 * Rewrites `anyOf` with null as `type: [X, "null"]`, except for references, which generators
 * understand. Removes any other union, because generators would make an empty class of it.
 */
function mergeNull(schema: Json): Json {
  const { anyOf, ...own } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const [only, ...more] = anyOf.filter((one) => one.type !== 'null');
  if (more.length > 0) return own;
  if (typeof only?.type !== 'string') return schema;
  const { type, enum: choices, ...rest } = only;
  return { type: [type, 'null'], ...(choices && { enum: [...choices, null] }), ...rest, ...own };
}

/** Rewrites constants that are not strings, because Kotlin's enums of them do not compile. */
function nameType(schema: Json): Json {
  const { const: only, ...own } = schema;
  const [first = only] = Array.isArray(schema.enum) ? schema.enum : [];
  if (first === undefined) return schema;
  return { type: typeof first, ...(typeof first === 'string' ? schema : own) };
}

function nameFormat(schema: Json): Json {
  const { pattern, ...own } = schema;
  if (own.format === 'date' || own.format === 'date-time') return own;
  const types = [schema.type].flat();
  const format = types.includes('integer') ? 'int64' : types.includes('number') ? 'double' : undefined;
  return format && !own.format ? { ...schema, format } : schema;
}

/** Allows additional properties, because later versions may add fields to responses. */
function open(schema: Json): Json {
  const { additionalProperties, ...own } = schema;
  return additionalProperties === false ? own : schema;
}
