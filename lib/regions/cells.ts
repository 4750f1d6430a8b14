/** In degrees, longitude first, as in GeoJSON. */
export type Position = readonly [longitude: number, latitude: number];

/** West, south, east, north, in degrees. */
export type Box = readonly [west: number, south: number, east: number, north: number];

/**
 * The world is cut into quarters, each quarter into quarters again, and so on. A cell's path has
 * one digit for each cut. So it is a prefix of the paths of all cells inside it, and sorted cells
 * never overlap. At this depth a cell is 150 m wide. Smaller cells would only multiply along
 * borders that many regions share.
 */
export const deepest = 18;

export const world: Box = [-180, -90, 180, 90];

/** Returns the canonical position of a place: 180° becomes −180°, and a pole gets longitude 0. */
export function toCanonical([longitude, latitude]: Position): Position {
  if (Math.abs(latitude) === 90) return [0, latitude];
  return [longitude === 180 ? -180 : longitude, latitude];
}

/** Returns the path of the deepest cell around a canonical position. */
export function findPath([longitude, latitude]: Position): string {
  const cells = 2 ** deepest;
  // A longitude just below 180° is rounded up to it.
  const column = Math.min(Math.floor(((longitude + 180) / 360) * cells), cells - 1);
  const row = Math.min(Math.floor(((latitude + 90) / 180) * cells), cells - 1);
  let path = '';
  for (let bit = deepest - 1; bit >= 0; bit--) path += ((column >> bit) & 1) + 2 * ((row >> bit) & 1);
  return path;
}

/** Returns the four quarters of a box, in the order of their digits. */
export function splitCell([west, south, east, north]: Box): [Box, Box, Box, Box] {
  const longitude = (west + east) / 2;
  const latitude = (south + north) / 2;
  return [
    [west, south, longitude, latitude],
    [longitude, south, east, latitude],
    [west, latitude, longitude, north],
    [longitude, latitude, east, north],
  ];
}
