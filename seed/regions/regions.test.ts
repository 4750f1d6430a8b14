import { copyFileSync, mkdtempSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach } from '@jest/globals';
import pointInPolygon from 'point-in-polygon-hao';
import { find, readVersionInForce } from '../../lib/regions/regionRepository.ts';
import { generator } from '../../lib/testing/fixtures/random.ts';
import { feature, loadRegions, rectangle, regionFile } from '../../lib/testing/fixtures/regions.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { planRegions } from './plan.ts';

const world = useWorld();

/** Every test starts with the same regions. */
beforeEach(() => loadRegions(feature('BEFORE', rectangle(0, 0, 10, 10))));

const versions = async () => {
  const items = await world.items();
  return new Set(items.map(({ pk }) => String(pk)).filter((pk) => pk.startsWith('REGIONS#')));
};
const apply = async (file: string) => (await planRegions(file)).apply(() => undefined);

let minutes = 0;
const codeAt = async (longitude: number, latitude: number) => {
  minutes += 1;
  world.advance(60 * minutes);
  return (await find([longitude, latitude]))?.code;
};

describe('a file is rejected with a sentence that names the feature, and changes nothing, if', () => {
  const around = (...corners: number[][]) => feature('BAD', [corners]);
  const good = feature('GOOD', rectangle(20, 20, 30, 30));
  /** Returns a corner of a round area ten metres wide. */
  const pebble = (corner: number) => [31 + Math.cos(corner / 4775) / 2e4, 30 + Math.sin(corner / 4775) / 2e4];
  const named = (properties: object) => ({ ...good, properties: { ...good.properties, ...properties } });

  test.each<[string, object[] | string, string]>([
    ['it is not JSON', 'regions', 'is not JSON in UTF-8'],
    ['it is other JSON', '{"type": "Topology"}', 'is not a GeoJSON FeatureCollection.'],
    ['it is empty', [], 'has no features.'],
    ['a feature is of another type', [good, { type: 'Point' }], 'Feature 2 is not a GeoJSON Feature.'],
    ['a code is repeated', [good, good], 'Feature 2 (GOOD) has the same code as feature 1.'],
    ['a code is missing', [named({ code: undefined })], 'Feature 1 has a wrong properties.code'],
    ['a name is missing', [named({ name: { en: 'Good' } })], 'Feature 1 has a wrong properties.name.ar'],
    ['its country is not served', [named({ country: 'FR' })], 'Feature 1 (GOOD) is in FR, which is not one of'],
    [
      'it is a line',
      [{ ...good, geometry: { type: 'LineString', coordinates: [] } }],
      'Feature 1 (GOOD) has a wrong geom',
    ],
    ['it has no geometry', [{ ...good, geometry: null }], 'Feature 1 (GOOD) has a wrong geometry'],
    ['it has no ring', [feature('BAD', [])], 'Feature 1 (BAD) has a wrong geometry.coordinates'],
    ['a ring is not closed', [around([0, 0], [1, 0], [1, 1], [0, 1])], 'Feature 1 (BAD) has an unclosed ring'],
    ['a ring is a line', [around([0, 0], [1, 0], [0, 0])], 'Feature 1 (BAD) has a ring without an area'],
    ['a ring is a point', [around([1, 1], [1, 1], [1, 1], [1, 1])], 'Feature 1 (BAD) has a ring without an area'],
    [
      'a ring crosses itself',
      [around([0, 0], [1, 1], [1, 0], [0, 1], [0, 0])],
      'Feature 1 (BAD) has a self-intersection',
    ],
    [
      'a ring touches itself',
      [around([0, 0], [1, 1], [2, 2], [2, 0], [1, 1], [0, 2], [0, 0])],
      'Feature 1 (BAD) has a self-intersection in its outer ring near [1, 1]',
    ],
    [
      'a ring goes back on itself',
      [around([0, 0], [4, 0], [4, 4], [4, 6], [4, 4], [0, 0])],
      'Feature 1 (BAD) has a self-inter',
    ],
    [
      'latitude comes first',
      [feature('BAD', rectangle(24.5, 146.2, 24.9, 146.9))],
      'Feature 1 (BAD) has the position [24.5, 146.2], which is not on earth; GeoJSON has the longitude first.',
    ],
    ['a position is not a number', [around([0, 0], ['1', 0] as never)], 'Feature 1 (BAD) has a wrong geometry.coord'],
    [
      'a hole is outside its ring',
      [feature('BAD', [...rectangle(0, 0, 1, 1), ...rectangle(3, 3, 4, 4)])],
      'Feature 1 (BAD) has a hole outside its outer ring, hole 1.',
    ],
    [
      'a hole crosses the border',
      [feature('BAD', [...rectangle(0, 0, 2, 2), ...rectangle(1, 0.5, 3, 1)])],
      'Feature 1 (BAD) has an intersection of its outer ring and its hole 1',
    ],
    [
      'a hole is in another hole',
      [feature('BAD', [...rectangle(0, 0, 9, 9), ...rectangle(2, 2, 8, 8), ...rectangle(4, 4, 6, 6)])],
      'Feature 1 (BAD) has a hole in a hole, hole 2 and hole 1.',
    ],
    [
      'a hole is repeated',
      [feature('BAD', [...rectangle(0, 0, 9, 9), ...rectangle(2, 2, 8, 8), ...rectangle(2, 2, 8, 8)])],
      'Feature 1 (BAD) has a hole in a hole, hole 2 and hole 1.',
    ],
    [
      'a hole goes around a pole and the outer ring does not',
      [
        feature('BAD', [
          ...rectangle(0, 60, 20, 80),
          [
            [-120, 70],
            [0, 70],
            [120, 70],
            [-120, 70],
          ],
        ]),
      ],
      'Feature 1 (BAD) has',
    ],
    ['a code contains a NUL character', [named({ code: 'A\0B' })], 'Feature 1 has a wrong properties.code'],
    [
      'it has too many corners in one place',
      [around(...Array.from({ length: 30_001 }, (_, corner) => pebble(corner % 30_000)))],
      'There is too much detail within 150 m of each other, in BAD.',
    ],
    [
      'a hole leaves no area',
      [feature('BAD', [...rectangle(0, 0, 2, 2), ...rectangle(0, 0, 2, 2)])],
      'Feature 1 (BAD) has holes that leave nothing',
    ],
  ])('%s', async (_, content, message) => {
    const inForce = await readVersionInForce();
    await expect(apply(regionFile(content))).rejects.toThrow(message);
    expect(await readVersionInForce()).toEqual(inForce);
    expect(await codeAt(5, 5)).toBe('BEFORE');
  });

  test('it is too large to read', async () => {
    const file = regionFile('');
    truncateSync(file, 200_000_000);
    await expect(apply(file)).rejects.toThrow('has 200 MB; 100 MB is the most.');
  });

  test('it does not exist', async () => {
    await expect(apply('/nowhere/areas.geojson')).rejects.toThrow('There is no file /nowhere/areas.geojson.');
  });

  test('every feature is wrong: the error names twenty, and counts the others', async () => {
    const bad = Array.from({ length: 25 }, () => around([0, 0]));
    await expect(apply(regionFile(bad))).rejects.toThrow(/^(Feature \d+ .*\n){20}5 more features are wrong\.$/);
  });
});

test('a file with flat names, altitudes, repeated corners and unknown members is accepted', async () => {
  const ring = [
    [20, 20, 5],
    [30, 20, 5],
    [30, 20, 5],
    [30, 30, 5],
    [20, 20, 5],
  ];
  const { name: _, ...properties } = feature('FLAT', []).properties;
  const geometry = { type: 'Polygon', coordinates: [ring], bbox: [1] };
  await loadRegions({
    type: 'Feature',
    id: 7,
    properties: { ...properties, name_en: 'Flat', name_ar: 'مسطح' },
    geometry,
  });
  expect(await codeAt(29, 21)).toBe('FLAT');
});

test('a dry run reports the changes and writes nothing, and a second load writes nothing either', async () => {
  const [kept, changed, removed] = ['KEPT', 'CHANGED', 'REMOVED'].map((code) => feature(code, rectangle(0, 0, 1, 1)));
  await loadRegions(kept ?? {}, changed ?? {}, removed ?? {});
  const file = regionFile([
    kept ?? {},
    feature('CHANGED', rectangle(0, 0, 2, 2)),
    feature('NEW', rectangle(5, 5, 6, 6)),
  ]);
  world.engine.record();
  const plan = await planRegions(file);
  expect(plan).toMatchObject({ added: 1, changed: 1, removed: 1, unchanged: 1 });
  expect(world.engine.calls.map(({ operation }) => operation)).not.toContain('BatchWriteItem');
  let items = 0;
  await plan.apply((written) => {
    items += written;
  });
  expect(items).toBe(plan.writes);

  world.engine.record();
  const again = await planRegions(file);
  await again.apply(() => undefined);
  expect(again).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 3, writes: 0 });
  expect(world.engine.calls.filter(({ operation }) => /Write|Put|Update|Delete/.test(operation))).toEqual([]);
  expect((await versions()).size).toBe(1);
});

test('an interrupted load changes nothing, and the next load deletes its items', async () => {
  const file = regionFile([feature('NEXT', rectangle(0, 0, 10, 10))]);
  world.engine.fail((operation) =>
    operation === 'TransactWriteItems' ? { status: 500, type: 'InternalServerError' } : undefined,
  );
  await expect(apply(file)).rejects.toThrow();
  world.engine.heal();
  expect(await codeAt(5, 5)).toBe('BEFORE');
  expect((await versions()).size).toBe(2);
  world.advance(2 * 3_600);
  await apply(file);
  expect(await codeAt(5, 5)).toBe('NEXT');
  expect((await versions()).size).toBe(1);
});

test('a load that another one overtook deletes only its own items', async () => {
  const plans = await Promise.all(
    ['SLOW', 'QUICK'].map((code) => planRegions(regionFile([feature(code, rectangle(0, 0, 10, 10))]))),
  );
  await plans[0]?.apply(() => undefined);
  const inForce = await readVersionInForce();
  world.advance(2 * 3_600);
  await expect(plans[1]?.apply(() => undefined)).rejects.toThrow('Load yours again');
  expect(await readVersionInForce()).toEqual(inForce);
  expect(await codeAt(5, 5)).toBe('SLOW');
  expect((await versions()).size).toBe(1);
});

test('the same regions from another file belong to the shop from then on', async () => {
  const features = [feature('SAME', rectangle(0, 0, 10, 10))];
  await loadRegions(...features);
  const file = join(mkdtempSync(join(tmpdir(), 'regions-')), 'other-areas.geojson');
  copyFileSync(regionFile(features), file);
  await apply(file);
  expect((await readVersionInForce())?.source).toBe('other-areas.geojson');
});

test('one of two parallel loads succeeds, and the other one gets an error', async () => {
  const plans = await Promise.all(
    ['ONE', 'OTHER'].map((code) => planRegions(regionFile([feature(code, rectangle(0, 0, 10, 10))]))),
  );
  const results = await Promise.allSettled(plans.map((plan) => plan.apply(() => undefined)));
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await codeAt(5, 5)).toBe(results[0]?.status === 'fulfilled' ? 'ONE' : 'OTHER');
  expect((await versions()).size).toBe(1);
});

test.each([
  { status: 400, type: 'ProvisionedThroughputExceededException' },
  { status: 500, type: 'InternalServerError' },
])('a load retries if the table responds with $type', async (failure) => {
  let rejections = 5;
  world.engine.fail((operation) => (operation === 'BatchWriteItem' && rejections-- > 0 ? failure : undefined));
  await loadRegions(feature('PATIENT', rectangle(0, 0, 10, 10)));
  expect(await codeAt(5, 5)).toBe('PATIENT');
});

test('a search finds the same region for any point as a scan of all polygons, even on borders and corners', async () => {
  const random = generator(3);
  const stars = Array.from({ length: 40 }, (_, index) => {
    const [longitude, latitude, size] = [20 + random() * 10, 20 + random() * 10, 0.3 + random() * 3];
    const ring = Array.from({ length: 90 }, (_, corner) => {
      const [angle, radius] = [(corner / 90) * 2 * Math.PI, size * (0.4 + 0.6 * random())];
      return [longitude + radius * Math.cos(angle), latitude + radius * Math.sin(angle)];
    });
    return { code: `S${index}`, rings: [[...ring, ring[0] ?? []]] };
  });
  await loadRegions(...stars.map(({ code, rings }) => feature(code, rings)));
  await codeAt(0, 0);
  const corners = stars.flatMap(({ rings }) => rings[0] ?? []);
  const middles = corners.map(([x = 0, y = 0], index) => {
    const [nextX = 0, nextY = 0] = corners[index + 1] ?? [x, y];
    return [(x + nextX) / 2, (y + nextY) / 2];
  });
  const anywhere = Array.from({ length: 4_000 }, () => [19 + random() * 12, 19 + random() * 12]);
  let found = 0;
  for (const point of [...anywhere, ...corners, ...middles]) {
    const region = await find([point[0] ?? 0, point[1] ?? 0]);
    const holders = stars.filter(({ rings }) => pointInPolygon(point, rings) !== false).map(({ code }) => code);
    if (region) expect(holders).toContain(region.code);
    else expect(holders).toEqual([]);
    found += region ? 1 : 0;
  }
  expect(found).toBeGreaterThan(4_000);
});
