import type { Json } from './schemas.ts';

/** Values of a document, not schemas. */
const values = new Set(['const', 'default', 'enum', 'example', 'examples', 'required']);

/**
 * Rewrites schemas in the forms from which generators make clients that compile and work. Without a
 * format Kotlin, Java and Swift read ids into 32 bits, and `anyOf` with null becomes a class.
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
 * `type: [X, "null"]`. Generators read null beside a reference, which has no type. Of any other
 * union they make an empty class, so a union may be anything.
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

/** Kotlin's generator makes a choice of one out of a constant, which compiles for texts alone. */
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

/** Responses may get new fields. */
function open(schema: Json): Json {
  const { additionalProperties, ...own } = schema;
  return additionalProperties === false ? own : schema;
}
