import type { Position } from '../lib/regions/cells.ts';
import { generator } from '../lib/testing/fixtures/random.ts';
import type { Shape } from '../seed/regions/cellTree.ts';

const [columns, rows, cornersPerSide] = [100, 100, 25];
const [west, south, width, height] = [25, 15, 30, 20];

export function somewhere(random: () => number): Position {
  return [west + random() * width, south + random() * height];
}

/** Generates a grid with irregular lines. Neighbours share every corner of their border. */
export function makeShapes(): Shape[] {
  const random = generator(1);
  const nodes = new Map<string, Position>();
  const at = (column: number, row: number): Position => {
    const key = `${column} ${row}`;
    const [x, y] = [column + (random() - 0.5) * 0.4, row + (random() - 0.5) * 0.4];
    const value = nodes.get(key) ?? ([west + (x / columns) * width, south + (y / rows) * height] as const);
    nodes.set(key, value);
    return value;
  };
  const sideCache = new Map<string, Position[]>();
  const side = (fromColumn: number, fromRow: number, toColumn: number, toRow: number): Position[] => {
    const key = `${fromColumn} ${fromRow} ${toColumn} ${toRow}`;
    const value = sideCache.get(key) ?? wander(at(fromColumn, fromRow), at(toColumn, toRow), random);
    sideCache.set(key, value);
    return value;
  };
  return Array.from({ length: columns * rows }, (_, index) => {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    const sides = [
      side(column, row, column + 1, row),
      side(column + 1, row, column + 1, row + 1),
      side(column, row + 1, column + 1, row + 1).toReversed(),
      side(column, row, column, row + 1).toReversed(),
    ];
    const ring = sides.flatMap((positions) => positions.slice(0, -1));
    const code = `R${index}`;
    return { code, name: { en: code, ar: code }, countryCode: 'EG', polygons: [[[...ring, ring[0] ?? [0, 0]]]] };
  });
}

function wander(from: Position, to: Position, random: () => number): Position[] {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  return Array.from({ length: cornersPerSide + 1 }, (_, step): Position => {
    if (step === 0) return from;
    if (step === cornersPerSide) return to;
    const along = step / cornersPerSide;
    const aside = (random() - 0.5) * 0.1 * Math.min(1, 4 * along, 4 * (1 - along));
    return [from[0] + dx * along - dy * aside, from[1] + dy * along + dx * aside];
  });
}
