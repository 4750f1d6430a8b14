import { type Box, splitCell, world } from '../lib/regions/cells.ts';
import { type Region, readPolygons, readVersionInForce } from '../lib/regions/regionRepository.ts';
import { cellsOf } from '../lib/regions/regionVersions.ts';

interface ShownRegion extends Omit<Region, 'countryCode'> {
  country: string;
  box: Box;
}

/**
 * Returns the active regions for the map page, cell by cell. A piece is only correct inside its own
 * cell, and a piece without rings covers it.
 */
export async function regionMap() {
  const version = await readVersionInForce();
  const regions: ShownRegion[] = [];
  const indexes = new Map<string, number>();
  const cells = (version ? await cellsOf(version.version) : []).flatMap((cell) => {
    const box = boxOf(cell.path);
    const pieces = [...readPolygons(cell)].map(({ piece: { code, name, countryCode: country }, rings }) => {
      const region = indexes.get(code) ?? regions.push({ code, name, country, box: nowhere }) - 1;
      indexes.set(code, region);
      const entry = regions[region];
      if (entry)
        entry.box = extendBox(
          entry.box,
          (rings?.flat() ?? corners(box)).map((corner) => clampTo(corner, box)),
        );
      return { region, rings };
    });
    return pieces.length > 0 ? [{ box, pieces }] : [];
  });
  return { source: version?.source, regions, cells };
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

function clampTo([longitude, latitude]: [number, number], [west, south, east, north]: Box): [number, number] {
  return [Math.min(Math.max(longitude, west), east), Math.min(Math.max(latitude, south), north)];
}

function extendBox(box: Box, positions: [number, number][]): Box {
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
