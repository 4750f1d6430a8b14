import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod';
import type { Contract } from './contract.ts';

/** Reads the query. The last value of a repeated parameter counts, unless its schema is a list. */
export function readQuery({ query }: Contract, event: APIGatewayProxyEvent): Record<string, unknown> {
  const { queryStringParameters: last, multiValueQueryStringParameters: all } = event;
  const lists = Object.entries(query?.shape ?? {}).flatMap(([name, schema]) => {
    const values = all?.[name];
    return values && takesList(schema) ? [[name, values]] : [];
  });
  return { ...last, ...Object.fromEntries(lists) };
}

function takesList(schema: z.core.$ZodType): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'pipe') return takesList(def.in);
  return def.type === 'array' || (def.type === 'optional' && takesList(def.innerType));
}
