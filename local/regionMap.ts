import { type Box, splitCell, world } from '../lib/regions/cells.ts';
import { type Region, readPolygons, readVersionInForce } from '../lib/regions/regionRepository.ts';
import { cellsOf } from '../lib/regions/regionVersions.ts';

interface Shown extends Omit<Region, 'countryCode'> {
  country: string;
  box: Box;
}

/**
 * The regions in force as the map page draws them: cell by cell, since a piece is right only inside its own cell. A piece
 * without rings covers its cell.
 */
export async function regionMap() {
  const inForce = await readVersionInForce();
  const regions: Shown[] = [];
  const places = new Map<string, number>();
  const cells = (inForce ? await cellsOf(inForce.version) : []).flatMap((cell) => {
    const box = boxOf(cell.path);
    const pieces = [...readPolygons(cell)].map(({ piece: { code, name, countryCode: country }, rings }) => {
      const region = places.get(code) ?? regions.push({ code, name, country, box: nowhere }) - 1;
      places.set(code, region);
      const known = regions[region];
      if (known)
        known.box = reaching(
          known.box,
          (rings?.flat() ?? corners(box)).map((corner) => inside(corner, box)),
        );
      return { region, rings };
    });
    return pieces.length > 0 ? [{ box, pieces }] : [];
  });
  return { source: inForce?.source, regions, cells };
}

const nowhere: Box = [180, 90, -180, -90];

function boxOf(path: string): Box {
  return [...path].reduce<Box>((box, digit) => splitCell(box)[Number(digit)] ?? box, world);
}

function corners([west, south, east, north]: Box): [number, number][] {
  return [
    [west, south],
    [east, north],
  ];
}

function inside([longitude, latitude]: [number, number], [west, south, east, north]: Box): [number, number] {
  return [Math.min(Math.max(longitude, west), east), Math.min(Math.max(latitude, south), north)];
}

function reaching(box: Box, positions: [number, number][]): Box {
  return positions.reduce<Box>(
    ([west, south, east, north], [longitude, latitude]) => [
      Math.min(west, longitude),
      Math.min(south, latitude),
      Math.max(east, longitude),
      Math.max(north, latitude),
    ],
    box,
  );
}
