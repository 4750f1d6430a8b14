import type { Position } from '../../lib/regions/cells.ts';
import type { Ring } from './geometry.ts';

/**
 * The way of a ring on a map that goes on beyond ±180°: the corners as they were given, and how many turns of the earth
 * each one lies to the east. Longitudes are added up only at the end, or a corner that rings share would be rounded apart.
 */
export interface Path {
  corners: Ring;
  turns: readonly number[];
}

/** The positions of a path, so many turns further to the east. */
export function layOut({ corners, turns }: Path, turn = 0): Ring {
  return corners.map(([longitude, latitude], index) => [longitude + 360 * ((turns[index] ?? 0) + turn), latitude]);
}

/** The same path so many turns further to the east. */
export function moved({ corners, turns }: Path, turn: number): Path {
  return { corners, turns: turns.map((before) => before + turn) };
}

type Edge = (from: Position, to: Position) => boolean;

/**
 * An edge goes the shorter way around the earth, so one from 180° to −180° stays where it is. Boxes of the world and
 * bands around it mean the long way instead, which is tried next.
 */
const longEdges: Edge[] = [() => false, (from, to) => from[1] === to[1], () => true];

/** The paths that a closed ring can mean, the likeliest first. */
export function pathsOf(ring: Ring): Path[] {
  const isAmbiguous = ring.some((to, index) => Math.abs(to[0] - (ring[index - 1] ?? to)[0]) === 360);
  const chain = chainFromPole(ring);
  return longEdges.slice(0, isAmbiguous ? undefined : 1).map((isLong) => {
    const path = withoutRepeats(unroll(chain ?? ring, isLong));
    return eastward(chain ? closeAtPole(path) : path);
  });
}

/** A path around a pole from west to east; others as they are. */
function eastward(path: Path): Path {
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

function withoutRepeats({ corners, turns }: Path): Path {
  const path = layOut({ corners, turns });
  const kept = path.map((position, index) => index === 0 || !isSame(position, path[index - 1]));
  return { corners: corners.filter((_, index) => kept[index]), turns: turns.filter((_, index) => kept[index]) };
}

const isPole = ([, latitude]: Position) => Math.abs(latitude) === 90;

/**
 * A ring that reaches a pole once, from the corner where it leaves the pole to the one where it comes back. Along a pole an
 * edge has no length, so its longitudes say nothing of a way around the earth.
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

/** A path that leads from a pole all around the earth and back goes around the pole; others are closed along it. */
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
 * A path around a pole from its corner nearest to the pole, which lies on the map. From there no part
 * of the path is between it and the pole.
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
