import * as z from 'zod';

export type Json = Record<string, unknown>;

/** Shared components, collected while the operations are described. */
export interface Components {
  schemas: Json;
  examples: Json;
  errorCodes: Set<string>;
}

/** Converts a zod schema to OpenAPI, and adds its named schemas to the components. */
export function describeSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const override = io === 'input' ? [nameRequired, forJson] : [];
  return hoist(toJson(schema, io, override), schemas);
}

/**
 * Converts the schema of a body to the schema of a form. `form` in the metadata of a field replaces
 * its schema. An empty text clears a field.
 */
export function describeForm(body: z.ZodType): Form {
  const schemas: Json = {};
  const { properties = {}, required } = hoist(toJson(body, 'input', [nameRequired, forForm]), schemas);
  const fields = Object.entries(properties as Record<string, Json>).map(([name, field]) => {
    const { $ref, ...own } = clearedByEmpty(field);
    return [name, typeof $ref === 'string' ? schemas[$ref.split('/').at(-1) ?? ''] : own];
  });
  return { type: 'object', properties: Object.fromEntries(fields), required };
}

export type Form = Json & { properties: Record<string, Json> };

export function withoutNull(schema: Json): Json {
  const { anyOf, type, ...rest } = schema;
  if (Array.isArray(type)) return { type: type.find((one) => one !== 'null'), ...rest };
  const own = Array.isArray(anyOf) ? anyOf.filter((one) => one.type !== 'null') : [];
  return own.length === 1 ? { ...own[0], ...rest } : schema;
}

/** Removes null from a schema whose empty text counts as null. */
export function clearedByEmpty(schema: Json): Json {
  const { minLength, ...own } = withoutNull(schema);
  return { ...own, ...(minLength !== undefined && !isNullable(schema) && { minLength }) };
}

export function isNullable({ anyOf, type }: Json): boolean {
  const all = Array.isArray(anyOf) ? anyOf.map((one) => one.type) : [type].flat();
  return all.includes('null');
}

/** Moves an object to the components, so that generators have a name for its type. */
export function nameSchema(name: string, schema: Json, schemas: Json): Json {
  if (schema.type !== 'object') return schema;
  schemas[name] = schema;
  return { $ref: `#/components/schemas/${name}` };
}

export function pascalCase(name: string): string {
  return name.replace(/(^|_)[a-z]/g, (start) => start.slice(-1).toUpperCase());
}

export function isRequired(schema: z.core.$ZodType): boolean {
  return !z.safeParse(schema, undefined).success;
}

interface Place {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}

function toJson(schema: z.ZodType, io: 'input' | 'output', overrides: ((place: Place) => void)[]): Json {
  const override = (place: Place) => {
    for (const each of overrides) each(place);
  };
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', override });
}

function forJson({ jsonSchema }: Place): void {
  delete jsonSchema.form;
}

function forForm({ jsonSchema }: Place): void {
  const { form } = jsonSchema;
  if (!form) return;
  for (const name of Object.keys(jsonSchema)) delete jsonSchema[name];
  Object.assign(jsonSchema, form);
}

/**
 * Sets the required fields by parsing undefined. Zod would report our text fields as optional,
 * because it cannot look into their preprocessing.
 */
function nameRequired({ zodSchema, jsonSchema }: Place): void {
  if (zodSchema._zod.def.type !== 'object') return;
  const required = Object.entries(zodSchema._zod.def.shape).filter(([, field]) => isRequired(field));
  jsonSchema.required = required.map(([name]) => name);
}

function hoist(schema: Json, schemas: Json): Json {
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
  for (const [name, { $schema: __, id: ___, ...definition }] of Object.entries($defs as Record<string, Json>)) {
    schemas[name] = definition;
  }
  const { id, ...own } = rest;
  if (typeof id !== 'string') return rest;
  schemas[id] = own;
  return { $ref: `#/components/schemas/${id}` };
}
