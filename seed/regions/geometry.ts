import type { Box, Position } from '../../lib/regions/cells.ts';

/** A closed ring, whose last position equals the first. */
export type Ring = readonly Position[];

export function boxOf(positions: readonly Position[]): Box {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [longitude, latitude] of positions) {
    west = Math.min(west, longitude);
    south = Math.min(south, latitude);
    east = Math.max(east, longitude);
    north = Math.max(north, latitude);
  }
  return [west, south, east, north];
}

export function meet(a: Box, b: Box): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

/** Larger than the rounding error of any computed position. */
const marginDegrees = 1e-9;

export function widened([west, south, east, north]: Box): Box {
  return [west - marginDegrees, south - marginDegrees, east + marginDegrees, north + marginDegrees];
}

/** Shifts a ring east by some degrees. */
export function turned(ring: Ring, degrees: number): Ring {
  return degrees === 0 ? ring : ring.map(([longitude, latitude]) => [longitude + degrees, latitude]);
}

/** Returns whether a path goes around a pole: it ends one turn east or west of its start. */
export function isAroundPole(path: Ring): boolean {
  return path[0]?.[0] !== path.at(-1)?.[0];
}

/** Beyond the pole, so that the pole itself is inside. */
const beyondPole = 91;

/**
 * Closes a path around a pole along the pole, after repeating it for some turns in both directions.
 */
function leadToPole(path: Ring, pole: number, turns: number): Ring {
  const copies = Array.from({ length: 2 * turns + 1 }, (_, index) => turned(path, 360 * (index - turns)));
  const repeated = copies.flatMap((copy, index) => (index === 0 ? copy : copy.slice(1)));
  const [west, east] = [repeated[0]?.[0] ?? 0, repeated.at(-1)?.[0] ?? 0];
  const latitude = Math.sign(pole) * beyondPole;
  return [...repeated, [east, latitude], [west, latitude], ...repeated.slice(0, 1)];
}

/** Returns the latitude of the pole that a polygon's paths go around: 90 or −90. */
export function poleOf(polygon: readonly Ring[]): number {
  const latitudes = polygon.filter(isAroundPole).flatMap((path) => path.map(([, latitude]) => latitude));
  return latitudes.reduce((sum, latitude) => sum + latitude, 0) > 0 ? 90 : -90;
}

/**
 * Returns a polygon as closed rings for the whole map. A polygon around a pole is repeated in both
 * directions, with its holes.
 */
export function unrolled(polygon: readonly Ring[], pole = poleOf(polygon)): readonly Ring[] {
  const [outer, ...holes] = polygon;
  if (!outer || !isAroundPole(outer)) return polygon;
  const map = leadToPole(outer, pole, turnsAround);
  const copies = (hole: Ring) => turnsInside(hole, map).map((turn) => turned(hole, 360 * turn));
  return [map, ...holes.flatMap((hole) => (isAroundPole(hole) ? [leadToPole(hole, pole, turnsAround)] : copies(hole)))];
}

/** Enough for a hole that starts on the map and ends beyond its edge. */
const turnsAround = 2;

/** Returns the turns that move a ring between the west and the east of another ring. */
export function turnsInside(ring: Ring, other: Ring): number[] {
  const [west, , east] = boxOf(other);
  const [ringWest, , ringEast] = boxOf(ring);
  return turnsBetween((west - ringWest) / 360, (east - ringEast) / 360);
}

/** Returns the turns that move a box onto the map. */
export function turnsOnto([mapWest, , mapEast]: Box, [west, , east]: Box): number[] {
  return turnsBetween((mapWest - east) / 360, (mapEast - west) / 360);
}

function turnsBetween(least: number, most: number): number[] {
  const first = Math.ceil(least);
  return Array.from({ length: Math.max(0, Math.floor(most) - first + 1) }, (_, index) => first + index);
}

/** Returns the area in square degrees. */
export function polygonArea(polygon: readonly Ring[]): number {
  const pole = poleOf(polygon);
  const [outer = [], ...holes] = polygon.map((ring) => (isAroundPole(ring) ? leadToPole(ring, pole, 0) : ring));
  return holes.reduce((left, hole) => left - ringArea(hole), ringArea(outer));
}

/**
 * Returns the area in square degrees. The origin is a corner of the ring, because far from it
 * rounding would distort small areas.
 */
export function ringArea(ring: Ring): number {
  const [originLongitude, originLatitude] = ring[0] ?? [0, 0];
  let doubled = 0;
  let [before, beforeLatitude] = [0, 0];
  for (const position of ring) {
    const [longitude, latitude] = [position[0] - originLongitude, position[1] - originLatitude];
    doubled += before * latitude - longitude * beforeLatitude;
    [before, beforeLatitude] = [longitude, latitude];
  }
  return Math.abs(doubled) / 2;
}
