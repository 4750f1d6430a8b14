import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type GeoPermissibleObjects, geoEquirectangular, geoPath } from 'd3-geo';
import type { MultiPolygon, Polygon, Position } from 'geojson';
import IndexedPointInAreaLocator from 'jsts/org/locationtech/jts/algorithm/locate/IndexedPointInAreaLocator.js';
import Coordinate from 'jsts/org/locationtech/jts/geom/Coordinate.js';
import GeoJSONReader from 'jsts/org/locationtech/jts/io/GeoJSONReader.js';
import IsValidOp from 'jsts/org/locationtech/jts/operation/valid/IsValidOp.js';
import { feature as toFeature } from 'topojson-client';
import { find } from '../../lib/regions/regionRepository.ts';
import { generator } from '../../lib/testing/fixtures/random.ts';
import { feature, loadRegions } from '../../lib/testing/fixtures/regions.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { boxOf } from './geometry.ts';

const world = useWorld();

const toleranceDegrees = 0.001;

interface Country {
  code: string;
  polygons: Position[][][];
  /**
   * The rings of each polygon on a flat map, cut at the antimeridian. The even-odd rule decides
   * what is inside.
   */
  cut: Position[][][];
}

test.each([
  ['110m', 177, 1, ['North Korea', 'Sudan']],
  ['50m', 241, 2, []],
])(
  'countries of world-atlas %s load if and only if JTS considers them valid, and contain the same points',
  async (scale, size, hours, invalid) => {
    const countries = readAtlas(scale);
    expect(countries.length).toBe(size);
    const valid = countries.filter(isValid);
    expect(
      countries
        .filter((country) => !valid.includes(country))
        .map(({ code }) => code)
        .sort(),
    ).toEqual(invalid);

    await loadRegions(...valid.map(({ code, polygons }) => feature(code, polygons)));
    world.advance(hours * 3_600);
    const locators = valid.map(makeLocator);
    const holders = ([longitude = 0, latitude = 0]: Position) =>
      locators.flatMap(({ code, holds }) => (holds(longitude, latitude) ? [code] : []));
    const points = [...poles, ...drawPoints(valid)];
    const disagreements: unknown[] = [];
    let found = 0;
    for (const point of points) {
      const region = await find([point[0] ?? 0, point[1] ?? 0]);
      found += region ? 1 : 0;
      const expected = holders(point);
      const agrees = region ? expected.includes(region.code) : expected.length === 0;
      if (!agrees && !isOnBorder(point, holders)) disagreements.push({ point, found: region?.code, expected });
    }
    expect(disagreements).toEqual([]);
    expect(found).toBeGreaterThan(points.length / 3);
  },
);

const poles: Position[] = [
  [0, 90],
  [0, -90],
  [33, -89.9],
  [180, -85],
  [-180, -85],
  [180, 67],
  [-180, -16.5],
];

function readAtlas(scale: string): Country[] {
  const file = fileURLToPath(import.meta.resolve(`world-atlas/countries-${scale}.json`));
  const topology = JSON.parse(readFileSync(file, 'utf8'));
  const { features } = toFeature(topology, topology.objects.countries) as unknown as {
    features: { properties: { name: string }; geometry: Polygon | MultiPolygon }[];
  };
  return features.map(({ properties, geometry }) => {
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
    const cut = polygons.map((coordinates) => cutAtAntimeridian({ type: 'Polygon', coordinates }));
    return { code: properties.name, polygons, cut };
  });
}

/**
 * Cuts a polygon without moving its corners. Precision 0 keeps edges straight in longitude and
 * latitude.
 */
function cutAtAntimeridian(polygon: GeoPermissibleObjects): Position[][] {
  const projection = geoEquirectangular()
    .scale(180 / Math.PI)
    .translate([0, 0])
    .precision(0);
  const rings: Position[][] = [];
  geoPath(projection, {
    beginPath: () => undefined,
    moveTo: (x, y) => void rings.push([[x, -y]]),
    lineTo: (x, y) => void rings.at(-1)?.push([x, -y]),
    arc: () => undefined,
    closePath: () => void rings.at(-1)?.push(rings.at(-1)?.[0] ?? []),
  })(polygon);
  return rings.map(tidy);
}

/** Removes the corners that d3-geo adds up to 20 m from the antimeridian. */
function tidy(ring: Position[]): Position[] {
  const snapped = ring.map(([x = 0, y = 0]) => [Math.abs(x) > 180 - toleranceDegrees ? 180 * Math.sign(x) : x, y]);
  const open = snapped.slice(0, -1).filter(([x = 0], index, corners) => {
    const [before, after] = [corners.at(index - 1), corners[(index + 1) % corners.length]];
    return Math.abs(x) < 180 || before?.[0] !== x || after?.[0] !== x;
  });
  const kept = open.filter(([x, y = 0], index) => {
    const [beforeX, beforeY = 0] = open.at(index - 1) ?? [];
    return beforeX !== x || Math.abs(beforeY - y) > toleranceDegrees;
  });
  return [...kept, kept[0] ?? []];
}

/**
 * Returns whether JTS considers a country valid. A polygon across the antimeridian is valid if its
 * parts on both sides are.
 */
function isValid({ polygons, cut }: Country): boolean {
  return polygons.every((polygon, index) => {
    const crosses = polygon.some((ring) => ring.some(([x = 0], i) => Math.abs(x - (ring[i - 1]?.[0] ?? x)) > 180));
    const parts = crosses ? (cut[index] ?? []).map((ring) => [ring]) : [polygon];
    return parts.every((coordinates) =>
      new IsValidOp(new GeoJSONReader().read({ type: 'Polygon', coordinates })).isValid(),
    );
  });
}

function makeLocator({ code, cut }: Country) {
  const polygons = cut.map((rings) =>
    rings.map((ring) => {
      const locator = new IndexedPointInAreaLocator(new GeoJSONReader().read({ type: 'Polygon', coordinates: [ring] }));
      return { box: boxOf(ring.map(([x = 0, y = 0]) => [x, y])), locator };
    }),
  );
  const holds = (x: number, y: number) =>
    polygons.some((rings) => {
      const around = rings.filter(({ box, locator }) => {
        const isNear = x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
        return isNear && locator.locate(new Coordinate(x, y)) !== 2;
      });
      return around.length % 2 === 1;
    });
  return { code, holds };
}

function isOnBorder([longitude = 0, latitude = 0]: Position, holders: (point: Position) => string[]): boolean {
  const around = [-1, 0, 1].flatMap((x) =>
    [-1, 0, 1].map((y) => [longitude + x * toleranceDegrees, latitude + y * toleranceDegrees]),
  );
  return new Set(around.map((point) => holders(point).join())).size > 1;
}

function drawPoints(countries: readonly Country[]): Position[] {
  const random = generator(11);
  const near = countries.flatMap(({ cut }) => {
    const rings = cut.flat();
    return Array.from({ length: 8 }, () => {
      const ring = rings[Math.floor(random() * rings.length)] ?? [];
      const [west, south, east, north] = boxOf(ring.map(([x = 0, y = 0]) => [x, y]));
      return [west + random() * (east - west), south + random() * (north - south)];
    });
  });
  const anywhere = Array.from({ length: 1_000 }, () => [
    random() * 360 - 180,
    (Math.asin(2 * random() - 1) / Math.PI) * 180,
  ]);
  return [...near, ...anywhere];
}
