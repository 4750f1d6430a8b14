import { LRUCache } from 'lru-cache';
import pointInPolygon from 'point-in-polygon-hao';
import * as z from 'zod';
import { cached } from '../cached.ts';
import { findPath, type Position, toCanonical } from '../regions/cells.ts';
import { cellKey, cellPrefix, regionsInForceKey, versionPartition } from '../table/keys.ts';
import { readAll, readRange } from '../table/table.ts';

export const Region = z.object({
  code: z.string(),
  name: z.object({ en: z.string(), ar: z.string() }),
  /** ISO 3166-1 alpha-2. */
  countryCode: z.string(),
});
export type Region = z.infer<typeof Region>;

/** What of a region lies in a cell: rings by their number of corners, or none where the region covers all of it. */
export const Piece = Region.extend({ rings: z.array(z.int()).optional() });
export type Piece = z.infer<typeof Piece>;

/**
 * The pieces in a cell, those of smaller regions first. The cells of a version cover the world without overlap. `corners`
 * has those of all rings one after another, each ring closed, as 64-bit floats in little-endian order: longitude, latitude,
 * longitude … It is copied, for the SDK's bytes are a window on a larger buffer, which would be kept as well.
 */
export const Cell = z.object({
  path: z.string(),
  pieces: z.array(Piece),
  corners: z.custom<Uint8Array>((value) => ArrayBuffer.isView(value)).transform((bytes) => new Uint8Array(bytes)),
});
export type Cell = z.input<typeof Cell>;

/** Which regions are in force. All of them are replaced at once, so that nobody sees half of a change. */
export const Version = z.object({
  version: z.int(),
  /** The file they were loaded from. */
  source: z.string(),
  /** Of everything in it, to tell whether a file would change anything. */
  digest: z.string(),
  regions: z.int(),
  startedAtSeconds: z.int(),
});
export type Version = z.infer<typeof Version>;

export async function readVersionInForce(): Promise<Version | undefined> {
  const [version] = await readAll([{ key: regionsInForceKey, as: Version }]);
  return version;
}

const inForce = cached(readVersionInForce);

/** Enough for a million corners, and small in a function's memory. */
const keptBytes = 64 * 1024 * 1024;
const kept = new LRUCache<string, Cell>({ maxSize: keptBytes, sizeCalculation });

/**
 * The region that a point is in. A border belongs to what it surrounds; where regions overlap or touch, it is the smallest
 * of them, and the first by its code among equals.
 */
export async function find(position: Position): Promise<Region | undefined> {
  const point = toCanonical(position);
  const cell = await cellAround(findPath(point));
  if (!cell) return undefined;
  // `pointInPolygon` answers 0 for a point on a border.
  const found = readPolygons(cell).find(({ rings }) => !rings || pointInPolygon([...point], rings) !== false);
  return found?.piece;
}

/** The pieces of a cell as polygons. Nothing decoded is kept: as arrays corners take four times the memory. */
export function* readPolygons({
  pieces,
  corners,
}: Cell): Generator<{ piece: Piece; rings: [number, number][][] | undefined }> {
  const view = new DataView(corners.buffer, corners.byteOffset, corners.byteLength);
  let offset = 0;
  const next = (): [number, number] => {
    const corner: [number, number] = [view.getFloat64(offset, true), view.getFloat64(offset + 8, true)];
    offset += 16;
    return corner;
  };
  for (const piece of pieces) yield { piece, rings: piece.rings?.map((length) => Array.from({ length }, next)) };
}

/**
 * The cell around a place. While it is asked which version is in force, the one that was is searched: it nearly always still
 * is. There is always a cell, unless the version has just been replaced.
 */
async function cellAround(path: string): Promise<Cell | undefined> {
  const last = await inForce.last();
  const [current, cellOfLast] = await Promise.all([inForce(), last && findCell(last.version, path)]);
  if (!current) return undefined;
  const cell = current.version === last?.version ? cellOfLast : await findCell(current.version, path);
  if (cell) return cell;
  const replaced = await inForce.refresh();
  return replaced && findCell(replaced.version, path);
}

/** From memory, or by one read. */
async function findCell(version: number, path: string): Promise<Cell | undefined> {
  return keptAround(version, path) ?? readCell(version, path);
}

function keptAround(version: number, path: string): Cell | undefined {
  for (let cuts = path.length; cuts >= 0; cuts--) {
    const cell = kept.get(`${version} ${path.slice(0, cuts)}`);
    if (cell) return cell;
  }
  return undefined;
}

/** Of all cells up to the deepest one around a place, in the order of their paths, the last is the one that holds it. */
async function readCell(version: number, path: string): Promise<Cell | undefined> {
  const range = { from: cellPrefix, to: cellKey(version, path).sk, descending: true, limit: 1 };
  const [cell] = await readRange(versionPartition(version), range, Cell);
  if (!cell || !path.startsWith(cell.path)) return undefined;
  kept.set(`${version} ${cell.path}`, cell);
  return cell;
}

function sizeCalculation({ pieces, corners }: Cell): number {
  return corners.byteLength + 2 * JSON.stringify(pieces).length;
}
