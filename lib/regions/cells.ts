/** Degrees, longitude first, as in GeoJSON. */
export type Position = readonly [longitude: number, latitude: number];

/** West, south, east, north, in degrees. */
export type Box = readonly [west: number, south: number, east: number, north: number];

/**
 * The world is cut into quarters, those into quarters again, and so on. A cell's path has a digit for each cut, so it begins
 * the paths of all cells inside it, and cells in the order of their paths never overlap. After so many cuts a cell is 150 m
 * wide; smaller ones would only multiply along borders that many regions share.
 */
export const deepest = 18;

export const world: Box = [-180, -90, 180, 90];

/** The same place always has the same position: 180° is −180°, and a pole has every longitude. */
export function toCanonical([longitude, latitude]: Position): Position {
  if (Math.abs(latitude) === 90) return [0, latitude];
  return [longitude === 180 ? -180 : longitude, latitude];
}

/** The path of the deepest cell around a canonical position. */
export function findPath([longitude, latitude]: Position): string {
  const cells = 2 ** deepest;
  // What is just short of 180° is rounded up to it.
  const column = Math.min(Math.floor(((longitude + 180) / 360) * cells), cells - 1);
  const row = Math.min(Math.floor(((latitude + 90) / 180) * cells), cells - 1);
  let path = '';
  for (let bit = deepest - 1; bit >= 0; bit--) path += ((column >> bit) & 1) + 2 * ((row >> bit) & 1);
  return path;
}

/** The four quarters of a box, in the order of their digits. */
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
