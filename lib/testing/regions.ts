import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planRegions } from '../../seed/regions/plan.ts';

type Polygon = number[][][];

/** A GeoJSON feature of a region, from one polygon or several. */
export function feature(code: string, polygons: Polygon | Polygon[], country = 'EG') {
  const several = Array.isArray(polygons[0]?.[0]?.[0]);
  const geometry = { type: several ? 'MultiPolygon' : 'Polygon', coordinates: polygons };
  return {
    type: 'Feature',
    properties: { code, name: { en: `${code} area`, ar: `منطقة ${code}` }, country },
    geometry,
  };
}

/** A polygon without holes around a rectangle. */
export function rectangle(west: number, south: number, east: number, north: number): Polygon {
  return [
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ],
  ];
}

/** Writes a GeoJSON file of these features, or with this text. */
export function regionFile(content: object[] | string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'regions-')), 'my-areas.geojson');
  const text = typeof content === 'string' ? content : JSON.stringify({ type: 'FeatureCollection', features: content });
  writeFileSync(file, text);
  return file;
}

/** Puts these regions in force instead of all others. */
export async function loadRegions(...features: object[]): Promise<void> {
  const { apply } = await planRegions(regionFile(features));
  await apply(() => undefined);
}
