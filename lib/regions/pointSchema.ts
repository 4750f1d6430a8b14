import * as z from 'zod';
import { code, text, toAsciiNumber } from '../http/fields.ts';
import type { Position } from '../regions/cells.ts';

const longitude = z.number().refine((degrees) => Math.abs(degrees) <= 180, code('invalid'));
const latitude = z.number().refine((degrees) => Math.abs(degrees) <= 90, code('invalid'));

/**
 * Returns the schema of a number in a query string. `Number` alone would accept "", "0x1F" and
 * "Infinity".
 */
const inQuery = <S extends z.ZodType<number, number>>(degrees: S) =>
  text({ max: 64, clean: toAsciiNumber })
    .refine((value) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(value), code('invalid'))
    .transform(Number)
    .pipe(degrees)
    .meta({ type: 'number', minLength: undefined, maxLength: undefined });

export const PositionInQuery = z.object({
  long: inQuery(longitude).describe('Degrees, from −180 to 180.'),
  lat: inQuery(latitude).describe('Degrees, from −90 to 90.'),
});

const degrees = { type: 'array', items: { type: 'number' }, minItems: 2 };

export const Point = z
  .object({
    type: z.literal('Point').describe('Always `Point`.'),
    coordinates: z
      .tuple([z.number(), z.number()])
      .meta({ ...degrees, prefixItems: undefined, maxItems: 2, description: 'Longitude and latitude, in degrees.' }),
  })
  .meta({ id: 'GeoPoint', description: 'A GeoJSON Point, longitude first.' });

const GivenPoint = z.object({
  type: z.literal('Point'),
  coordinates: z.tuple([longitude, latitude, z.number().optional()]),
});

/** A GeoJSON Point, or its text in a form. Every error is reported for the field as a whole. */
export const point = z
  .unknown()
  .transform((value, context): Position => {
    const parsed = GivenPoint.safeParse(
      typeof value === 'string' ? (jsonIn(value) ?? jsonIn(toAsciiNumber(value).replaceAll('،', ','))) : value,
    );
    if (parsed.success) return [exact(parsed.data.coordinates[0]), exact(parsed.data.coordinates[1])];
    if (value === undefined || value === null)
      context.addIssue({ code: 'invalid_type', expected: 'object', input: value });
    else context.addIssue({ code: 'custom', params: code('invalid').params });
    return z.NEVER;
  })
  .meta({
    id: 'GeoPointInput',
    type: 'object',
    required: ['type', 'coordinates'],
    properties: {
      type: { const: 'Point', description: 'Always `Point`.' },
      coordinates: { ...degrees, maxItems: 3, description: 'Longitude, latitude and an optional altitude.' },
    },
    description: 'GeoJSON, longitude first. An altitude is removed.',
    form: { type: 'string', description: 'The text of a GeoJSON Point, longitude first.' },
  });

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Rounds tiny numbers to zero, because DynamoDB's numbers begin at 1E-130. The distance is less
 * than an atom.
 */
function exact(degrees: number): number {
  return Math.abs(degrees) < 1e-15 ? 0 : degrees;
}
