import type { Box, Position } from '../../lib/regions/cells.ts';

/** Closed: the last position is the first one. */
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

/** Whether two boxes have a point in common. */
export function meet(a: Box, b: Box): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

/** A point may be rounded across a cell's edge when its path is computed, never by as much as this. */
const marginDegrees = 1e-9;

export function widened([west, south, east, north]: Box): Box {
  return [west - marginDegrees, south - marginDegrees, east + marginDegrees, north + marginDegrees];
}

/** A ring as it lies after a turn around the earth. */
export function turned(ring: Ring, degrees: number): Ring {
  return degrees === 0 ? ring : ring.map(([longitude, latitude]) => [longitude + degrees, latitude]);
}

/** In square degrees. */
export function polygonArea([outer = [], ...holes]: readonly Ring[]): number {
  return holes.reduce((left, hole) => left - ringArea(hole), ringArea(outer));
}

/** In square degrees. Measured from a corner of the ring, for far from it rounding would eat a small area. */
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
