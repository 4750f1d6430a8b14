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

/**
 * The part of a region in a cell. `rings` holds the number of corners of each ring. It is missing
 * if the region covers the whole cell.
 */
export const Piece = Region.extend({ rings: z.array(z.int()).optional() });
export type Piece = z.infer<typeof Piece>;

/**
 * The pieces in a cell, smaller regions first. The cells of a version cover the world without
 * overlap. `corners` joins the corners of all rings, each ring closed, as 64-bit little-endian
 * floats: longitude, latitude, longitude … It is copied, because a Buffer is a view that may
 * keep a larger one alive.
 */
export const Cell = z.object({
  path: z.string(),
  pieces: z.array(Piece),
  corners: z.custom<Uint8Array>((value) => ArrayBuffer.isView(value)).transform((bytes) => new Uint8Array(bytes)),
});
export type Cell = z.input<typeof Cell>;

/**
 * The active set of regions. A load replaces all regions at once, so that no request sees half of a
 * change.
 */
export const Version = z.object({
  version: z.int(),
  source: z.string(),
  /** The hash of the content, to tell whether a file would change anything. */
  digest: z.string(),
  regions: z.int(),
  startedAtSeconds: z.int(),
});
export type Version = z.infer<typeof Version>;

export async function readVersionInForce(): Promise<Version | undefined> {
  const [version] = await readAll([{ key: regionsInForceKey, as: Version }]);
  return version;
}

const activeVersion = cached(readVersionInForce);

/** Enough for a million corners, and small in a function's memory. */
const cacheBytes = 64 * 1024 * 1024;
const cellCache = new LRUCache<string, Cell>({ maxSize: cacheBytes, sizeCalculation });

/**
 * Returns the region that a point is in. A border belongs to its region. If regions overlap or
 * touch, the smallest one is returned, and of equal ones the first by code.
 */
export async function find(position: Position): Promise<Region | undefined> {
  const point = toCanonical(position);
  const cell = await cellAround(findPath(point));
  if (!cell) return undefined;
  // `pointInPolygon` returns 0 for a point on a border.
  const found = readPolygons(cell).find(({ rings }) => !rings || pointInPolygon([...point], rings) !== false);
  return found?.piece;
}

/**
 * Yields the pieces of a cell as polygons. Decoded corners are not cached, because arrays take four
 * times the memory.
 */
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
 * Returns the cell around a place. It reads the last known version's cell and the current version
 * in parallel, because the version rarely changes. The cell is missing only if the version has just
 * been replaced.
 */
async function cellAround(path: string): Promise<Cell | undefined> {
  const last = await activeVersion.last();
  const [current, cellOfLast] = await Promise.all([activeVersion(), last && findCell(last.version, path)]);
  if (!current) return undefined;
  const cell = current.version === last?.version ? cellOfLast : await findCell(current.version, path);
  if (cell) return cell;
  const replaced = await activeVersion.refresh();
  return replaced && findCell(replaced.version, path);
}

async function findCell(version: number, path: string): Promise<Cell | undefined> {
  return findCachedCell(version, path) ?? readCell(version, path);
}

function findCachedCell(version: number, path: string): Cell | undefined {
  for (let cuts = path.length; cuts >= 0; cuts--) {
    const cell = cellCache.get(`${version} ${path.slice(0, cuts)}`);
    if (cell) return cell;
  }
  return undefined;
}

/**
 * Reads the cell that holds a place: the last one in the order of paths, up to the deepest cell
 * around the place.
 */
async function readCell(version: number, path: string): Promise<Cell | undefined> {
  const range = { from: cellPrefix, to: cellKey(version, path).sk, descending: true, limit: 1 };
  const [cell] = await readRange(versionPartition(version), range, Cell);
  if (!cell || !path.startsWith(cell.path)) return undefined;
  cellCache.set(`${version} ${cell.path}`, cell);
  return cell;
}

function sizeCalculation({ pieces, corners }: Cell): number {
  return corners.byteLength + 2 * JSON.stringify(pieces).length;
}
