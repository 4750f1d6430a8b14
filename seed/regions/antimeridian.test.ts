import { find } from '../../lib/regions/regionRepository.ts';
import { feature, loadRegions, rectangle, regionFile } from '../../lib/testing/fixtures/regions.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { planRegions } from './plan.ts';

const world = useWorld();

type Points = [longitude: number, latitude: number][];

let hours = 0;
const load = async (polygons: Parameters<typeof feature>[1]) => {
  await loadRegions(feature('AREA', polygons));
  hours += 1;
  world.advance(3_600 * hours);
};
const isIn = async (point: Points[number]) => (await find(point))?.code === 'AREA';
const isInEach = (points: Points) => Promise.all(points.map(isIn));

const ring = (...corners: Points) => [...corners, corners[0] ?? [0, 0]];

/** Returns a parallel around the earth, without the closing corner. */
const parallel = (latitude: number, step = 60): Points =>
  Array.from({ length: 360 / step }, (_, index) => [index * step - 180, latitude]);

const diamond = (longitude: number, latitude: number, size: number) => {
  const wrapped = (degrees: number) => (degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees);
  return ring(
    [wrapped(longitude - size), latitude],
    [wrapped(longitude), latitude - size],
    [wrapped(longitude + size), latitude],
    [wrapped(longitude), latitude + size],
  );
};

interface Kind {
  polygons: Parameters<typeof feature>[1];
  inside: Points;
  outside: Points;
}

const kinds: Record<string, Kind> = {
  'touches the antimeridian in a point from both sides': {
    polygons: [ring([-180, -16], [-179, -16.2], [-180, -17], [179, -16.5], [180, -16])],
    inside: [
      [-179.5, -16.3],
      [179.5, -16.5],
      [180, -16.5],
      [-180, -16.9],
      [-180, -16],
    ],
    outside: [
      [-179.5, -16],
      [179.2, -16.1],
      [180, -15.9],
      [0, -16.5],
    ],
  },
  'touches the antimeridian with one corner': {
    polygons: [ring([178, 0], [-180, 1], [178, 2])],
    inside: [
      [179, 1],
      [180, 1],
      [-180, 1],
    ],
    outside: [
      [-179.99, 1],
      [180, 1.1],
      [-179, 1],
    ],
  },
  'runs along the antimeridian, with corners at both 180° and −180°': {
    polygons: [ring([180, 0], [-180, 5], [180, 10], [170, 10], [170, 0])],
    inside: [
      [175, 5],
      [180, 7],
      [-180, 2],
    ],
    outside: [
      [-179.9, 5],
      [169, 5],
      [0, 5],
    ],
  },
  'starts at −180° and runs along it': {
    polygons: [ring([-180, 0], [-170, 0], [-170, 10], [180, 10], [-180, 5])],
    inside: [
      [-175, 5],
      [180, 7],
      [-180, 2],
    ],
    outside: [
      [179.9, 5],
      [-169, 5],
      [0, 5],
    ],
  },
  'crosses the antimeridian several times': {
    polygons: [ring([170, 0], [-170, 0], [-170, 2], [175, 2], [175, 4], [-170, 4], [-170, 6], [170, 6])],
    inside: [
      [180, 1],
      [-175, 1],
      [172, 3],
      [180, 5],
      [-175, 5],
    ],
    outside: [
      [180, 3],
      [-175, 3],
      [176, 3],
      [-169, 1],
      [0, 1],
    ],
  },
  'crosses the antimeridian at corners with either sign': {
    polygons: [ring([179, 0], [180, 0], [-180, 0], [-179, 0], [-179, 1], [-180, 1], [180, 1], [179, 1])],
    inside: [
      [179.5, 0.5],
      [-179.5, 0.5],
      [180, 0.5],
    ],
    outside: [
      [178, 0.5],
      [-178, 0.5],
      [0, 0.5],
    ],
  },
  'has a hole that crosses the antimeridian': {
    polygons: [ring([170, -10], [-170, -10], [-170, 10], [170, 10]), diamond(180, 0, 2)],
    inside: [
      [175, 0],
      [-175, 0],
      [180, 5],
    ],
    outside: [
      [180, 0],
      [179, 0],
      [-179, 0],
      [165, 0],
    ],
  },
  'has a hole that touches the antimeridian from both sides': {
    polygons: [
      ring([170, -10], [-170, -10], [-170, 10], [170, 10]),
      ring([-180, -1], [-179, 0], [-180, 1], [179, 0], [180, -1]),
    ],
    inside: [
      [175, 0],
      [180, 1.5],
      [-178.9, 0],
    ],
    outside: [
      [180, 0],
      [179.5, 0],
      [-179.5, 0],
    ],
  },
  'has holes on both sides of the antimeridian': {
    polygons: [ring([170, -10], [-170, -10], [-170, 10], [170, 10]), diamond(175, 0, 2), diamond(-175, 0, 2)],
    inside: [
      [180, 0],
      [171, 0],
      [-171, 0],
    ],
    outside: [
      [175, 0],
      [-175, 0],
      [-165, 0],
    ],
  },
  'goes around a pole': {
    polygons: [ring([0, 60], [120, 65], [-120, 70])],
    inside: [
      [0, 61],
      [180, 75],
      [-90, 89],
      [12, 90],
      [-180, 90],
    ],
    outside: [
      [0, 59],
      [120, 64],
      [-120, 69],
    ],
  },
  'goes around a pole from 180° to −180°': {
    polygons: [ring([-180, -70], [-90, -65], [0, -75], [90, -65], [180, -70])],
    inside: [
      [-180, -71],
      [180, -71],
      [45, -72],
      [0, -90],
      [0, -76],
      [-90, -66],
    ],
    outside: [
      [-180, -69],
      [0, -74],
      [90, -64],
    ],
  },
  'goes around a pole beyond a headland': {
    polygons: [ring([-100, -70], [0, -70], [10, -70], [-20, -80], [20, -85], [30, -70], [120, -70])],
    inside: [
      [-20, -81],
      [20, -86],
      [28, -75],
      [180, -75],
      [0, -71],
      [77, -90],
    ],
    outside: [
      [10, -75],
      [0, -77],
      [-100, -69],
    ],
  },
  'goes around a pole through the pole': {
    polygons: [ring([-180, -90], [180, -90], [180, -70], [60, -65], [-60, -75], [-180, -70])],
    inside: [
      [180, -71],
      [-180, -71],
      [60, -66],
      [0, -90],
      [100, -90],
    ],
    outside: [
      [180, -69],
      [-60, -74],
    ],
  },
  'is a sector of more than half the earth at a pole': {
    polygons: [ring([-120, -90], [120, -90], [120, -80], [0, -80], [-120, -80])],
    inside: [
      [0, -85],
      [119, -89],
      [-119, -81],
      [0, -90],
    ],
    outside: [
      [180, -85],
      [121, -85],
      [0, -79],
    ],
  },
  'goes around a pole and has holes, also at its start and on the antimeridian': {
    polygons: [ring([0, 60], [120, 60], [-120, 60]), diamond(0, 70, 2), diamond(180, 80, 2), diamond(90, 75, 1)],
    inside: [
      [0, 65],
      [3, 70],
      [180, 70],
      [90, 77],
      [0, 90],
    ],
    outside: [
      [0, 70],
      [1, 70],
      [-1, 70],
      [180, 80],
      [179, 80],
      [-179, 80],
      [90, 75],
      [0, 59],
    ],
  },
  'lies between two rings around a pole, in either order': {
    polygons: [
      [ring(...parallel(80)), ring(...parallel(70))],
      [ring(...parallel(-70, 90)), ring(...parallel(-80))],
    ],
    inside: [
      [0, 75],
      [180, 75],
      [33, -75],
      [-180, -75],
    ],
    outside: [
      [0, 85],
      [0, 90],
      [180, 65],
      [0, -90],
      [0, -85],
      [0, -65],
    ],
  },
  'lies between two rings on both sides of the equator': {
    polygons: [ring(...parallel(-10)), ring(...parallel(20))],
    inside: [
      [0, 0],
      [180, 19],
      [-180, -9],
    ],
    outside: [
      [0, 21],
      [0, -11],
      [0, 90],
      [0, -90],
    ],
  },
  'is a band of 360°': {
    polygons: rectangle(-180, 10, 180, 20),
    inside: [
      [0, 15],
      [180, 15],
      [-180, 12],
      [-179.9, 19],
    ],
    outside: [
      [0, 9],
      [180, 21],
    ],
  },
  'is a band of 360° with corners on one side': {
    polygons: [ring([-180, 10], [0, 12], [180, 10], [180, 20], [-180, 20])],
    inside: [
      [0, 15],
      [180, 15],
      [-180, 11],
    ],
    outside: [
      [0, 11],
      [180, 21],
    ],
  },
  'is a band of 360° with its ends on the wrong sides': {
    polygons: [ring([-180, 10], [180, 10], [-180, 15], [180, 20], [-180, 20])],
    inside: [
      [0, 15],
      [180, 15],
      [-180, 12],
    ],
    outside: [
      [0, 9],
      [180, 21],
    ],
  },
  'is the whole world': {
    polygons: rectangle(-180, -90, 180, 90),
    inside: [
      [0, 0],
      [180, 0],
      [-180, 45],
      [0, 90],
      [0, -90],
    ],
    outside: [],
  },
};

test.each(Object.entries(kinds))('a region that %s contains its points', async (_, { polygons, inside, outside }) => {
  await load(polygons);
  expect({ inside: await isInEach(inside), outside: await isInEach(outside) }).toEqual({
    inside: inside.map(() => true),
    outside: outside.map(() => false),
  });
});

const centers: Points[number][] = [
  [180, 49.9],
  [-180, 10],
  [179, -3],
];

test.each(centers)('an error at %d, %d names a coordinate of the file', async (longitude, latitude) => {
  const wrapped = (degrees: number) => (degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees);
  const corners: Points = [
    [wrapped(longitude - 1.3), latitude],
    [wrapped(longitude + 1.3), latitude + 0.06],
    [wrapped(longitude + 1.3), latitude],
    [wrapped(longitude - 1.3), latitude + 0.06],
  ];
  const message = await planRegions(regionFile([feature('BAD', [ring(...corners)])])).catch((error) => error.message);
  const position = JSON.parse(/near (\[.*\])\.$/.exec(message)?.[1] ?? '[]');
  expect(corners).toContainEqual(position);
});

test('a ring that goes around the earth twice is rejected with the reason', async () => {
  const spiral = [...parallel(10), ...parallel(20), [-180, 15]] as Points;
  await expect(planRegions(regionFile([feature('BAD', [ring(...spiral)])]))).rejects.toThrow(
    'Feature 1 (BAD) goes around the earth more than once.',
  );
});
