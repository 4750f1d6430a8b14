import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import * as countries from '../../lib/countries/countryRepository.ts';
import { readVersionInForce } from '../../lib/regions/regionRepository.ts';
import { feature, loadRegions, rectangle } from '../../lib/testing/fixtures/regions.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { loadSeed } from '../../seed/load.ts';
import { planRegions } from '../../seed/regions/plan.ts';
import { handler as findByPoint } from './findByPoint.ts';

const world = useWorld();

const findRegion = (long: number | string, lat: number | string, headers: Record<string, string> = {}) =>
  world.call(findByPoint, { method: 'GET', query: { long: String(long), lat: String(lat) }, headers });
const getCode = async (long: number, lat: number) => (await findRegion(long, lat)).body.code;

/** Returns a region with so many corners that the map needs more than one cell. */
const makeStar = (longitude: number, latitude: number) =>
  Array.from({ length: 301 }, (_, corner) => {
    const angle = ((corner % 300) / 150) * Math.PI;
    const radius = corner % 2 ? 3 : 4;
    return [longitude + radius * Math.cos(angle), latitude + radius * Math.sin(angle)];
  });

/** Advances the clock until functions read the active version again. */
let minutes = 0;
const expireCache = () => {
  minutes += 1;
  world.advance(60 * minutes);
};

describe('GetRegionByPoint with the seeded regions', () => {
  test.each([
    ['Tahrir Square', 31.2357, 30.0444, 'EG-CAIRO'],
    ['the pyramids', 31.1342, 29.9792, 'EG-GIZA'],
    ['Alexandria', 29.9187, 31.2001, 'EG-ALEXANDRIA'],
    ['Riyadh', 46.6753, 24.7136, 'SA-RIYADH'],
    ['Jeddah', 39.1925, 21.4858, 'SA-JEDDAH'],
    ['Makkah', 39.8262, 21.4225, 'SA-MAKKAH'],
    ['Giftun, an island of Hurghada', 33.955, 27.205, 'EG-HURGHADA'],
    ['the strait between Giftun and Hurghada', 33.91, 27.23, ''],
    ['a lake inside Alexandria', 29.91, 31.12, ''],
    ['the Gulf of Guinea', 0, 0, ''],
    ['the north pole', 45, 90, ''],
    ['the antimeridian', 180, 0, ''],
  ])('returns the region, or no region, of %s', async (_, long, lat, code) => {
    expect(await getCode(long, lat)).toBe(code);
  });

  test('returns the name in the requested language and the country, or empty fields without a region', async () => {
    const arabic = await findRegion(31.2357, 30.0444, { 'Accept-Language': 'ar' });
    expect([arabic.status, arabic.body]).toEqual([200, { code: 'EG-CAIRO', name: 'القاهرة', country: 'EG' }]);
    expect((await findRegion(0, 0)).body).toEqual({ code: '', name: '', country: null });
  });

  test('returns one consistent region for each point of a shared border', async () => {
    const file = JSON.parse(readFileSync(new URL('../../seed/regions.geojson', import.meta.url), 'utf8'));
    const getRing = (code: string): number[][] =>
      file.features.find(({ properties }: { properties: { code: string } }) => properties.code === code).geometry
        .coordinates[0];
    const cairo = new Set(getRing('EG-CAIRO').map(String));
    const shared = getRing('EG-GIZA').filter((position) => cairo.has(String(position)));
    expect(shared.length).toBeGreaterThan(10);
    for (const [index, [long = 0, lat = 0]] of shared.entries()) {
      const [nextLong = 0, nextLat = 0] = shared[index + 1] ?? [long, lat];
      for (const share of [0, 0.1, 0.25, 0.5, 0.77]) {
        const point = [long + share * (nextLong - long), lat + share * (nextLat - lat)] as const;
        const response = await getCode(...point);
        expect(response).toMatch(/^EG-(CAIRO|GIZA|QALYUBIA)$/);
        expect(await getCode(...point)).toBe(response);
      }
    }
  });

  test.each([
    ['a request without both', {}, { long: 'required', lat: 'required' }],
    ['a request without one', { lat: '30' }, { long: 'required' }],
    ['empty values', { long: '', lat: ' ' }, { long: 'blank', lat: 'blank' }],
    ['words', { long: 'east', lat: 'NaN' }, { long: 'invalid', lat: 'invalid' }],
    [
      'notations of numbers that only JavaScript accepts',
      { long: '0x1F', lat: 'Infinity' },
      { long: 'invalid', lat: 'invalid' },
    ],
    ['a position outside the valid range', { long: '180.0001', lat: '-90.0001' }, { long: 'invalid', lat: 'invalid' }],
    ['a list', { long: '31,30', lat: '30' }, { long: 'invalid' }],
    ['a NUL character', { long: '31\0', lat: '30' }, { long: 'null_characters_not_allowed' }],
    ['a number that is too long', { long: '1'.repeat(65), lat: '30' }, { long: 'max_length' }],
  ])('rejects %s', async (_, query, codes) => {
    const { status, body } = await world.call(findByPoint, { method: 'GET', query });
    expect([status, body.type]).toEqual([400, 'validation_error']);
    const found = body.errors.map(({ attr, code }: { attr: string; code: string }) => [attr, code]);
    expect(Object.fromEntries(found)).toEqual(codes);
  });

  test.each(['31.2357', ' 31.2357 ', '+31.2357', '3.12357e1'])('accepts the number %j', async (long) => {
    expect((await findRegion(long, '30.0444')).body.code).toBe('EG-CAIRO');
  });

  test('makes one read for a cell and none for a cached cell, and reads the active version once a minute', async () => {
    await loadRegions(feature('SOMEWHERE', rectangle(20, 0, 25, 5)));
    expireCache();
    await findRegion(0, 60);
    const listReads = async (long: number, lat: number) => {
      world.engine.record();
      expect((await findRegion(long, lat)).body.code).toBe('');
      return world.engine.calls.map(({ operation }) => operation);
    };
    expireCache();
    expect(await listReads(0, 60)).toEqual(['BatchGetItem']);
    expect(await listReads(0.1, 60)).toEqual([]);
    await loadRegions(feature('ELSEWHERE', rectangle(20, 0, 25, 5)), feature('MANY', [makeStar(60, 60)]));
    expireCache();
    expect(await listReads(0, 60)).toEqual(['BatchGetItem', 'Query']);
    expect(depth(world.engine.calls)).toBe(2);
    expireCache();
    expect(await listReads(-100, -60)).toEqual(expect.arrayContaining(['BatchGetItem', 'Query']));
    expect(depth(world.engine.calls)).toBe(1);
  });
});

describe('GetRegionByPoint with the regions of a shop', () => {
  beforeEach(async () => {
    await loadRegions(
      feature('PACIFIC', [
        [
          [179, -1],
          [-179, -1],
          [-179, 1],
          [179, 1],
          [179, -1],
        ],
      ]),
      feature('FIJI', [rectangle(178, -18, 180, -16), rectangle(-180, -18, -179, -16)]),
      feature('EAST-EDGE', rectangle(170, 10, 180, 20)),
      feature('ARCTIC', [
        [
          [-120, 80],
          [0, 80],
          [120, 80],
          [-120, 80],
        ],
      ]),
      feature('ANTARCTICA', rectangle(-180, -90, 180, -60)),
      feature('WEDGE', rectangle(40, -90, 50, -80)),
      feature('COUNTRY', [
        ...rectangle(0, 0, 10, 10),
        [
          [4, 4],
          [6, 4],
          [6, 6],
          [4, 6],
          [4, 4],
        ],
      ]),
      feature('CITY', rectangle(1, 1, 2, 2)),
      feature('WEST', rectangle(20, 0, 25, 5)),
      feature('EAST', rectangle(25, 0, 30, 5)),
    );
    expireCache();
  });

  test.each([
    ['across the antimeridian, drawn in one piece', [179.5, 0], 'PACIFIC'],
    ['across the antimeridian, on the other side', [-179.5, 0], 'PACIFIC'],
    ['on the antimeridian', [180, 0.5], 'PACIFIC'],
    ['not on the other side of the earth', [0, 0.5], 'COUNTRY'],
    ['between two pieces cut at the antimeridian, from the east', [180, -17], 'FIJI'],
    ['between two pieces cut at the antimeridian, from the west', [-180, -17], 'FIJI'],
    ['on the eastern edge of the map', [180, 15], 'EAST-EDGE'],
    ['on the eastern edge of the map, written as the western edge', [-180, 15], 'EAST-EDGE'],
    ['around the north pole', [-60, 85], 'ARCTIC'],
    ['below the region around the north pole', [-60, 79], ''],
    ['on the north pole', [17, 90], 'ARCTIC'],
    ['near the south pole', [-33, -89], 'ANTARCTICA'],
    ['in a hole', [5, 5], ''],
    ['on the border of a hole', [4, 5], 'COUNTRY'],
    ['around a hole', [3, 5], 'COUNTRY'],
    ['in the smaller of two regions', [1.5, 1.5], 'CITY'],
    ['on the border of the smaller region', [1, 1.5], 'CITY'],
    ['on a border of equal regions, which belongs to the first by code', [25, 3], 'EAST'],
    ['on the corner of equal regions', [25, 5], 'EAST'],
    ['on the pole that a wedge ends at', [17, -90], 'WEDGE'],
    ['just short of the antimeridian', [179.99999999999997, 15], 'EAST-EDGE'],
    ['outside by the smallest number', [30.000000000000004, 3], ''],
    ['inside by the smallest number', [29.999999999999996, 3], 'EAST'],
  ] as const)('finds a point %s', async (_, [long, lat], code) => {
    expect(await getCode(long, lat)).toBe(code);
  });

  test('returns the old region or a new one while regions are replaced', async () => {
    let loading = true;
    const responses: string[] = [];
    const requests = Promise.all(
      Array.from({ length: 4 }, async () => {
        // A cached response takes no turn of the event loop, but loading needs some.
        for (; loading; await setImmediate()) responses.push(await getCode(22, 3));
      }),
    );
    try {
      for (const code of ['NEW', 'NEWER', 'NEWEST']) {
        await loadRegions(feature(code, rectangle(20, 0, 30, 5)));
        world.advance(60);
      }
    } finally {
      loading = false;
    }
    await requests;
    expect(new Set(responses)).not.toContain('');
    expect(await getCode(22, 3)).toBe('NEWEST');
  });

  test('returns newly loaded regions within a minute, with a new country', async () => {
    await findRegion(0, 60);
    world.advance(30);
    await findRegion(22, 3);
    await countries.save({
      code: 'FR',
      flag: 'https://example.com/fr.svg',
      phoneCode: '33',
      currency: 'EUR',
      active: true,
      position: 9,
    });
    await loadRegions(feature('PARIS', rectangle(2, 48, 3, 49), 'FR'));
    world.advance(31);
    expect((await findRegion(2.35, 48.85)).body).toMatchObject({ code: 'PARIS', country: 'FR' });
  });

  test('returns no region if none are loaded', async () => {
    const version = await readVersionInForce();
    await world.delete({ pk: 'REGIONS', sk: 'IN_FORCE' });
    expireCache();
    expect((await findRegion(22, 3)).body).toEqual({ code: '', name: '', country: null });
    expect(version?.regions).toBe(10);
  });
});

test("the seed keeps a shop's own regions, and restores ours on request", async () => {
  await loadRegions(feature('MINE', rectangle(31, 30, 32, 31)));
  await loadSeed();
  expireCache();
  expect(await getCode(31.2357, 30.0444)).toBe('MINE');
  const { apply } = await planRegions(new URL('../../seed/regions.geojson', import.meta.url).pathname);
  await apply(() => undefined);
  await loadSeed();
  expireCache();
  expect(await getCode(31.2357, 30.0444)).toBe('EG-CAIRO');
});
