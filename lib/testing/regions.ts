import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planRegions } from '../../seed/regions/plan.ts';

type Polygon = number[][][];

export function feature(code: string, polygons: Polygon | Polygon[], country = 'EG') {
  const several = Array.isArray(polygons[0]?.[0]?.[0]);
  const geometry = { type: several ? 'MultiPolygon' : 'Polygon', coordinates: polygons };
  return {
    type: 'Feature',
    properties: { code, name: { en: `${code} area`, ar: `منطقة ${code}` }, country },
    geometry,
  };
}

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

export function regionFile(content: object[] | string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'regions-')), 'my-areas.geojson');
  const text = typeof content === 'string' ? content : JSON.stringify({ type: 'FeatureCollection', features: content });
  writeFileSync(file, text);
  return file;
}

/** Replaces all regions by these. */
export async function loadRegions(...features: object[]): Promise<void> {
  const { apply } = await planRegions(regionFile(features));
  await apply(() => undefined);
}
