import * as z from 'zod';
import type { Position } from '../regions/cells.ts';
import { code, text } from './fields.ts';

export type { Position };

const longitude = z.number().refine((degrees) => Math.abs(degrees) <= 180, code('invalid'));
const latitude = z.number().refine((degrees) => Math.abs(degrees) <= 90, code('invalid'));

/** A number as it stands in a query string. `Number` alone would take "", "0x1F" and "Infinity" as well. */
const inQuery = <S extends z.ZodType<number, number>>(degrees: S) =>
  text({ max: 64 })
    .refine((value) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(value), code('invalid'))
    .transform(Number)
    .pipe(degrees)
    .meta({ type: 'number' });

export const PositionInQuery = z.object({
  long: inQuery(longitude).describe('Degrees, from −180 to 180.'),
  lat: inQuery(latitude).describe('Degrees, from −90 to 90.'),
});
