import type { Position } from '../../lib/regions/cells.ts';
import type { Ring } from './geometry.ts';

/**
 * A ring on a map that continues beyond ±180°. It has the original corners, and for each corner its
 * turns around the earth to the east. Longitudes are only added at the end, because rounding would
 * separate a corner that rings share.
 */
export interface Path {
  corners: Ring;
  turns: readonly number[];
}

/** Returns the positions of a path, shifted east by a number of turns. */
export function layOut({ corners, turns }: Path, turn = 0): Ring {
  return corners.map(([longitude, latitude], index) => [longitude + 360 * ((turns[index] ?? 0) + turn), latitude]);
}

export function moved({ corners, turns }: Path, turn: number): Path {
  return { corners, turns: turns.map((before) => before + turn) };
}

type Edge = (from: Position, to: Position) => boolean;

/**
 * Rules that decide which edges of 360° take the long way around the earth. Normally an edge takes
 * the shorter way, so one from 180° to −180° has no length. For world boxes and bands the long way
 * is correct, so the later rules choose it.
 */
const longEdges: Edge[] = [() => false, (from, to) => from[1] === to[1], () => true];

/** Returns the possible paths of a closed ring, the most likely first. */
export function pathsOf(ring: Ring): Path[] {
  const isAmbiguous = ring.some((to, index) => Math.abs(to[0] - (ring[index - 1] ?? to)[0]) === 360);
  const chain = chainFromPole(ring);
  return longEdges.slice(0, isAmbiguous ? undefined : 1).map((isLong) => {
    const path = removeRepeats(unroll(chain ?? ring, isLong));
    return directEastward(chain ? closeAtPole(path) : path);
  });
}

/** Directs a path around a pole from west to east. Other paths stay unchanged. */
function directEastward(path: Path): Path {
  const ring = layOut(path);
  if ((ring.at(-1)?.[0] ?? 0) >= (ring[0]?.[0] ?? 0)) return path;
  return { corners: path.corners.toReversed(), turns: path.turns.toReversed() };
}

function unroll(corners: Ring, isLong: Edge): Path {
  let turn = 0;
  const turns = corners.map((to, index) => {
    const from = corners[index - 1] ?? to;
    const step = to[0] - from[0];
    const isOver = Math.abs(step) > 180 && !(Math.abs(step) === 360 && isLong(from, to));
    if (isOver) turn -= Math.sign(step);
    return turn;
  });
  return { corners, turns };
}

function removeRepeats({ corners, turns }: Path): Path {
  const path = layOut({ corners, turns });
  const isKept = path.map((position, index) => index === 0 || !isSame(position, path[index - 1]));
  return { corners: corners.filter((_, index) => isKept[index]), turns: turns.filter((_, index) => isKept[index]) };
}

const isPole = ([, latitude]: Position) => Math.abs(latitude) === 90;

/**
 * Returns the part of a ring that leads from a pole back to the pole, if it reaches the pole once.
 * Along a pole an edge has no length, so its longitudes do not describe a way around the earth.
 */
function chainFromPole(ring: Ring): Ring | undefined {
  const open = ring.slice(0, -1);
  const at = (index: number): Position => open[(index + open.length) % open.length] ?? [0, 0];
  const exits = [...open.keys()].filter((index) => isPole(at(index)) && !isPole(at(index + 1)));
  const entries = [...open.keys()].filter((index) => isPole(at(index)) && !isPole(at(index - 1)));
  const [exit, entry] = [exits[0], entries[0]];
  if (exit === undefined || entry === undefined || exits.length > 1) return undefined;
  const length = ((entry - exit + open.length) % open.length || open.length) + 1;
  return Array.from({ length }, (_, index) => at(exit + index));
}

/**
 * Closes a path along its pole, unless the path leads all around the earth. Then its ends at the
 * pole are removed.
 */
function closeAtPole(path: Path): Path {
  const { corners, turns } = path;
  const [exit, first] = layOut(path);
  const [last, entry] = layOut(path).slice(-2);
  if (!exit || !first || !last || !entry) return path;
  const isVertical = exit[0] === first[0] && entry[0] === last[0];
  if (isVertical && Math.abs(last[0] - first[0]) === 360 && last[1] === first[1]) {
    return { corners: corners.slice(1, -1), turns: turns.slice(1, -1) };
  }
  if (isSame(exit, entry)) return path;
  return { corners: [...corners, corners[0] ?? exit], turns: [...turns, turns[0] ?? 0] };
}

/**
 * Rotates a path around a pole, so that it starts at its corner nearest to the pole, on the map.
 * From there, no part of the path lies between the corner and the pole.
 */
export function startNearestTo(pole: number, path: Path): Path {
  const positions = layOut(path);
  const whole = Math.round(((positions.at(-1)?.[0] ?? 0) - (positions[0]?.[0] ?? 0)) / 360);
  const open = path.corners.slice(0, -1);
  const nearest = open.reduce((best, [, latitude], index) => {
    return Math.abs(pole - latitude) < Math.abs(pole - (open[best]?.[1] ?? 0)) ? index : best;
  }, 0);
  const places = Array.from({ length: open.length + 1 }, (_, index) => nearest + index);
  const corners = places.map((place): Position => open[place % open.length] ?? [0, pole]);
  const turnAt = (place: number) => (path.turns[place % open.length] ?? 0) + whole * Math.floor(place / open.length);
  const start = turnAt(nearest) + (corners[0]?.[0] === 180 ? 1 : 0);
  return { corners, turns: places.map((place) => turnAt(place) - start) };
}

function isSame(a: Position | undefined, b: Position | undefined): boolean {
  return a?.[0] === b?.[0] && a?.[1] === b?.[1];
}
