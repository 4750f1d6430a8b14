import pointInPolygon from 'point-in-polygon-hao';
import { orient2d } from 'robust-predicates';
import { type Box, deepest, type Position, splitCell, toCanonical, world } from '../../lib/regions/cells.ts';
import type { Cell, Region } from '../../lib/regions/regionRepository.ts';
import { InputError } from '../../local/inputError.ts';
import { boxOf, isAroundPole, meet, polygonArea, type Ring, turned, turnsOnto, unrolled, widened } from './geometry.ts';

/**
 * A region with valid polygons. Each has an outer ring and its holes, which may extend beyond
 * ±180°. All rings are closed except paths around a pole.
 */
export interface Shape extends Region {
  polygons: readonly (readonly Ring[])[];
}

/** The part of a polygon that matters in a cell. Without rings it covers the cell. */
interface Part {
  shape: Shape;
  box: Box;
  rings: readonly Ring[] | undefined;
}

/** About 4 KB, DynamoDB's billing unit of reads. */
const mostCorners = 200;
/** Below DynamoDB's 400 KB per item. */
const mostBytes = 350_000;
/** Ten times the cells of a map with 10,000 regions of 100 corners each. */
const mostCells = 100_000;

/**
 * Splits the map into cells with few corners, so that one small item suffices to look up a point.
 * Smaller regions come first, because they win where regions overlap.
 */
export function buildCells(shapes: readonly Shape[]): Cell[] {
  const area = new Map(shapes.map((shape) => [shape, areaOf(shape)]));
  const ranked = shapes.toSorted((a, b) => (area.get(a) ?? 0) - (area.get(b) ?? 0) || (a.code < b.code ? -1 : 1));
  const cells: Cell[] = [];
  for (const cell of split('', world, ranked.flatMap(partsOf))) {
    const codes = () => [...new Set(cell.pieces.map(({ code }) => code))].slice(0, 5).join(', ');
    if (cell.corners.byteLength + JSON.stringify(cell.pieces).length > mostBytes) {
      throw new InputError(
        `There is too much detail within 150 m of each other, in ${codes()}. Simplify the outlines.`,
      );
    }
    if (cells.push(cell) > mostCells) {
      throw new InputError(
        `The map needs more than ${mostCells} cells, many of them in ${codes()}. Simplify the outlines.`,
      );
    }
  }
  return cells;
}

/** Returns the area in square degrees at the equator. */
function areaOf({ polygons }: Shape): number {
  return polygons.reduce((sum, rings) => {
    const [, south, , north] = boxOf(rings[0] ?? []);
    return sum + polygonArea(rings) * Math.cos(((south + north) / 360) * Math.PI);
  }, 0);
}

/**
 * Returns a region's polygons, with copies one turn west and east if they cross the edge of the
 * map.
 */
function partsOf(shape: Shape): Part[] {
  const map = widened(world);
  return shape.polygons.flatMap((polygon) =>
    [...copiesOf(polygon), ...polesOf(polygon)].flatMap((rings) => {
      const box = boxOf(rings[0] ?? []);
      return meet(box, map) ? [{ shape, box, rings }] : [];
    }),
  );
}

/**
 * Returns a polygon at every turn around the earth that meets the map. A polygon around a pole
 * already contains its copies.
 */
function copiesOf(polygon: readonly Ring[]): (readonly Ring[])[] {
  const [outer = []] = polygon;
  if (isAroundPole(outer)) return [unrolled(polygon)];
  return turnsOnto(widened(world), boxOf(outer)).map((turn) => polygon.map((ring) => turned(ring, 360 * turn)));
}

/**
 * A pole is one point with every longitude. Look-ups use a canonical longitude, so a region at a
 * pole also needs a part there.
 */
function polesOf(polygon: readonly Ring[]): Ring[][] {
  if (isAroundPole(polygon[0] ?? [])) return [];
  const poles = [90, -90].filter((pole) => polygon[0]?.some(([, latitude]) => latitude === pole));
  return poles.map((pole) => [[toCanonical([0, pole]), [0.001, pole], toCanonical([0, pole])]]);
}

function* split(path: string, box: Box, parts: readonly Part[]): Generator<Cell> {
  const here = selectParts(parts, widened(box));
  const corners = here.reduce((sum, { rings = [] }) => sum + rings.reduce((all, ring) => all + ring.length, 0), 0);
  if (corners <= mostCorners || path.length === deepest) {
    yield cellOf(path, here);
    return;
  }
  for (const [digit, quarter] of splitCell(box).entries()) yield* split(`${path}${digit}`, quarter, here);
}

/** Returns the parts inside a box. A part that covers the box hides all later parts. */
function selectParts(parts: readonly Part[], box: Box): Part[] {
  const found: Part[] = [];
  for (const part of parts) {
    const here = partIn(part, box);
    if (here) found.push(here);
    if (here && !here.rings) break;
  }
  return found;
}

function partIn({ shape, box: reach, rings }: Part, box: Box): Part | undefined {
  if (!rings) return { shape, box, rings };
  if (!meet(reach, box)) return undefined;
  const near = rings.map((ring) => collapse(ring, box)).filter((ring) => ring.length > 0);
  if (near.some((ring) => touches(ring, box))) return { shape, box: reach, rings: near };
  const centre = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const covers = pointInPolygon(centre, near as [number, number][][]);
  return covers ? { shape, box, rings: undefined } : undefined;
}

/**
 * Removes corners that, like both neighbours, lie beyond one side of a box. For points in the box
 * nothing changes, because lines beyond that side never pass them. Clipping would add corners, and
 * their rounding could open gaps between neighbours.
 */
function collapse(ring: Ring, [west, south, east, north]: Box): Ring {
  const sides: ((position: Position) => boolean)[] = [
    ([longitude]) => longitude < west,
    ([longitude]) => longitude > east,
    ([, latitude]) => latitude < south,
    ([, latitude]) => latitude > north,
  ];
  let open = ring.slice(0, -1);
  for (const beyond of sides) {
    const out = open.map(beyond);
    const last = open.length - 1;
    open = open.filter(
      (_, index) => !(out[index] && out[index === 0 ? last : index - 1] && out[index === last ? 0 : index + 1]),
    );
  }
  return open[0] ? [...open, open[0]] : [];
}

function touches(ring: Ring, box: Box): boolean {
  const [west, south, east, north] = box;
  return ring.some((to, index) => {
    const from = ring[index - 1];
    if (!from || !meet(boxOf([from, to]), box)) return false;
    const side = (longitude: number, latitude: number) =>
      Math.sign(orient2d(from[0], from[1], to[0], to[1], longitude, latitude));
    const sides = side(west, south) + side(west, north) + side(east, south) + side(east, north);
    return Math.abs(sides) < 4;
  });
}

function cellOf(path: string, parts: readonly Part[]): Cell {
  const rings = parts.flatMap((part) => part.rings ?? []);
  const corners = Buffer.alloc(16 * rings.reduce((sum, ring) => sum + ring.length, 0));
  for (const [index, degrees] of rings.flat(2).entries()) corners.writeDoubleLE(degrees, 8 * index);
  const pieces = parts.map(({ shape: { code, name, countryCode }, rings }) => ({
    code,
    name,
    countryCode,
    ...(rings && { rings: rings.map((ring) => ring.length) }),
  }));
  return { path, pieces, corners };
}
