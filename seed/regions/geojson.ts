import { readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { text } from '../../lib/http/fields.ts';
import { InputError } from '../../local/inputError.ts';
import type { Shape } from './cellTree.ts';
import { InvalidPolygon, validPolygon } from './validity.ts';

/** A larger file would hold houses rather than areas, and could not be read at once. */
const mostMegabytes = 100;
const mostProblems = 20;

const name = text({ max: 100 });

/**
 * Names are in an object, as in our files, or in flat fields, as tools for flat tables export them.
 */
const Properties = z.preprocess(
  (value) => {
    const { name, name_en, name_ar, ...others } = (value ?? {}) as Record<string, unknown>;
    return { ...others, name: typeof name === 'object' ? name : { en: name_en, ar: name_ar } };
  },
  z.object({ code: text({ max: 64 }), name: z.object({ en: name, ar: name }), country: z.string() }),
);

const Position = z
  .array(z.number())
  .min(2)
  .transform((position): [number, number] => [position[0] ?? 0, position[1] ?? 0]);
const Polygon = z.array(z.array(Position)).min(1);
const Geometry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Polygon'), coordinates: Polygon.transform((polygon) => [polygon]) }),
  z.object({ type: z.literal('MultiPolygon'), coordinates: z.array(Polygon).min(1) }),
]);

const Collection = z.object({ type: z.literal('FeatureCollection'), features: z.array(z.unknown()) });
const Feature = z.object({ type: z.literal('Feature'), properties: z.unknown(), geometry: z.unknown() });

/**
 * Reads regions from a GeoJSON file. It is a FeatureCollection of Polygons and MultiPolygons. Their
 * properties are `code`, `name: {en, ar}` (or `name_en` and `name_ar`) and `country`.
 * @param countries the codes that a region's country may have
 * @throws {InputError} that lists every invalid feature
 * @see https://www.rfc-editor.org/rfc/rfc7946
 */
export function readRegions(file: string, countries: ReadonlySet<string>): Shape[] {
  const problems: string[] = [];
  const firstOf = new Map<string, number>();
  const shapes = readFeatures(file).flatMap((feature, index) => {
    const label = `Feature ${index + 1}`;
    try {
      const shape = readShape(feature, countries);
      const first = firstOf.get(shape.code);
      if (first) throw new InvalidFeature(`has the same code as feature ${first}`, shape.code);
      firstOf.set(shape.code, index + 1);
      return shape;
    } catch (error) {
      if (!(error instanceof InvalidFeature)) throw error;
      problems.push(`${label}${error.code ? ` (${error.code})` : ''} ${error.message}.`);
      return [];
    }
  });
  if (problems.length > mostProblems) {
    const more = problems.length - mostProblems;
    throw new InputError(...problems.slice(0, mostProblems), `${more} more features are wrong.`);
  }
  if (problems.length > 0) throw new InputError(...problems);
  return shapes;
}

class InvalidFeature extends Error {
  override name = 'InvalidFeature';
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

function readFeatures(file: string): unknown[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new InputError(`There is no file ${file}.`);
  const megabytes = stat.size / 1e6;
  if (megabytes > mostMegabytes) {
    throw new InputError(
      `${file} has ${Math.ceil(megabytes)} MB; ${mostMegabytes} MB is the most. Simplify its outlines.`,
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(readFileSync(file)));
  } catch (error) {
    throw new InputError(`${file} is not JSON in UTF-8: ${(error as Error).message}.`);
  }
  const { data } = Collection.safeParse(content);
  if (!data) throw new InputError(`${file} is not a GeoJSON FeatureCollection.`);
  if (data.features.length === 0) throw new InputError(`${file} has no features.`);
  return data.features;
}

function readShape(value: unknown, countries: ReadonlySet<string>): Shape {
  const feature = Feature.safeParse(value).data;
  if (!feature) throw new InvalidFeature('is not a GeoJSON Feature');
  const properties = parse(Properties, feature.properties, 'properties');
  const { code, country, name } = properties;
  if (!countries.has(country)) throw new InvalidFeature(`is in ${country}, which is not one of the countries`, code);
  const { coordinates } = parse(Geometry, feature.geometry, 'geometry', code);
  for (const [longitude, latitude] of coordinates.flat(2)) {
    if (Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90) continue;
    throw new InvalidFeature(
      `has the position [${longitude}, ${latitude}], which is not on earth; GeoJSON has the longitude first`,
      code,
    );
  }
  try {
    return { code, name, countryCode: country, polygons: coordinates.map(validPolygon) };
  } catch (error) {
    if (error instanceof InvalidPolygon) throw new InvalidFeature(error.message, code);
    throw error;
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown, member: string, code?: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new InvalidFeature(`has a wrong ${[member, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`, code);
}
