import * as z from 'zod';

export type Json = Record<string, unknown>;

/** A schema of ours in the words of OpenAPI; what it names goes to the components, `schemas`. */
export function describeSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  return hoist(
    z.toJSONSchema(schema, { io, unrepresentable: 'any', ...(io === 'input' && { override: nameRequired }) }),
    schemas,
  );
}

/** Gives an object a name among the components, so that generators have one for its type. */
export function named(name: string, schema: Json, schemas: Json): Json {
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

/** A field that is read leniently, as our texts are, would count as optional: zod cannot know what its step lets through. */
function nameRequired({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}) {
  if (zodSchema._zod.def.type !== 'object') return;
  const required = Object.entries(zodSchema._zod.def.shape).filter(([, field]) => isRequired(field));
  jsonSchema.required = required.map(([name]) => name);
}

/** Moves the named schemas inside a schema to the components of the document. */
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
