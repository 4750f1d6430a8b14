import Flatbush from 'flatbush';
import pointInPolygon from 'point-in-polygon-hao';
import { orient2d } from 'robust-predicates';
import { type Position, world } from '../../lib/regions/cells.ts';
import { boxOf, meet, polygonArea, type Ring, ringArea, turned } from './geometry.ts';

/** Why a polygon cannot be a region; the message ends a sentence that begins with the feature. */
export class InvalidPolygon extends Error {
  override name = 'InvalidPolygon';
}

interface Edge {
  ring: number;
  /** Its place in the ring. */
  index: number;
  from: Position;
  to: Position;
}

/**
 * A polygon as the map needs it: consecutive equal corners are one, a ring that crosses the antimeridian goes on beyond
 * ±180°, and one that goes around a pole is led to it.
 * @throws {InvalidPolygon} unless it is valid as OGC's Simple Features define it: rings closed and simple, holes inside.
 */
export function validPolygon(rings: readonly Ring[]): Ring[] {
  const paths = rings.map((ring, index) => unwrapped(checked(ring, nameOf(index))));
  if (paths.length > 1 && paths.some(isAroundPole)) {
    throw new InvalidPolygon('goes around a pole and has a hole; cut it in two along a meridian');
  }
  const [outer, ...holes] = paths.map((path) => (isAroundPole(path) ? ledToPole(path) : path));
  if (!outer) throw new InvalidPolygon('has a polygon without a ring');
  const polygon = [outer, ...holes.map((hole) => besides(hole, outer))];
  refuseCrossings(polygon);
  for (const [index, ring] of polygon.entries()) {
    if (ringArea(ring) === 0) throw new InvalidPolygon(`has a ring without an area, its ${nameOf(index)}`);
  }
  refuseMisplacedHoles(polygon);
  if (polygonArea(polygon) <= 0) throw new InvalidPolygon('has holes that leave nothing of a polygon');
  return polygon;
}

/** Of rings that do not cross: holes lie inside the outer ring and beside each other. */
function refuseMisplacedHoles([outer = [], ...holes]: readonly Ring[]): void {
  const boxes = holes.map(boxOf);
  for (const [index, hole] of holes.entries()) {
    const name = nameOf(index + 1);
    if (placeOf(hole, outer) === 'outside') throw new InvalidPolygon(`has a hole outside its outer ring, ${name}`);
    const other = holes.findIndex((candidate, place) => {
      if (place >= index || !meet(boxes[place] ?? world, boxes[index] ?? world)) return false;
      const places = [placeOf(hole, candidate), placeOf(candidate, hole)];
      return places.includes('inside') || places.every((found) => found === 'along');
    });
    if (other >= 0) throw new InvalidPolygon(`has a hole in a hole, ${name} and ${nameOf(other + 1)}`);
  }
}

/** Where a ring lies to another one that it does not cross: the first corner that is not on the other's border tells. */
function placeOf(ring: Ring, other: Ring): 'inside' | 'outside' | 'along' {
  for (const corner of ring) {
    const found = pointInPolygon([...corner], [other] as [number, number][][]);
    if (found !== 0) return found ? 'inside' : 'outside';
  }
  return 'along';
}

/** A hole on the same turn around the earth as its outer ring, which may go on beyond ±180°. */
function besides(hole: Ring, outer: Ring): Ring {
  const [west, , east] = boxOf(outer);
  const [holeWest, , holeEast] = boxOf(hole);
  const turn = [0, -360, 360].find((degrees) => holeWest + degrees >= west && holeEast + degrees <= east);
  return turned(hole, turn ?? 0);
}

function nameOf(index: number): string {
  return index === 0 ? 'outer ring' : `hole ${index}`;
}

function checked(ring: Ring, name: string): Ring {
  const [first, last] = [ring[0], ring.at(-1)];
  if (!first || !last || !same(first, last)) {
    throw new InvalidPolygon(`has an unclosed ring: the first and last position of its ${name} differ`);
  }
  const corners = ring.filter((position, index) => index === 0 || !same(position, ring[index - 1] ?? position));
  if (corners.length < 4) throw new InvalidPolygon(`has a ring without an area, its ${name}`);
  return corners;
}

/**
 * An edge goes the shorter way around the earth, so one from 179° to −179° crosses the antimeridian. One of exactly 360° does
 * not: it is the edge of the whole map, as boxes of the world and Antarctica have it.
 */
function unwrapped(ring: Ring): Ring {
  let turns = 0;
  return ring.map(([longitude, latitude], index): Position => {
    const step = longitude - (ring[index - 1]?.[0] ?? longitude);
    if (Math.abs(step) > 180 && Math.abs(step) < 360) turns -= Math.sign(step);
    if (Math.abs(turns) > 1) throw new InvalidPolygon('goes around the earth more than once');
    return [longitude + 360 * turns, latitude];
  });
}

/** Such a path ends a turn away from where it began. */
function isAroundPole(path: Ring): boolean {
  return path[0]?.[0] !== path.at(-1)?.[0];
}

/** By the pole that is nearer. */
function ledToPole(path: Ring): Ring {
  const [first, last] = [path[0], path.at(-1)];
  if (!first || !last) return path;
  const pole = path.reduce((sum, [, latitude]) => sum + latitude, 0) > 0 ? 90 : -90;
  return [...path, [last[0], pole], [first[0], pole], first];
}

/** Edges of one ring may only meet where one ends and the next begins; edges of different rings may touch. */
function refuseCrossings(polygon: readonly Ring[]): void {
  const edges: Edge[] = polygon.flatMap((ring, place) =>
    ring.slice(1).map((to, index) => ({ ring: place, index, from: ring[index] ?? to, to })),
  );
  const boxes = new Flatbush(edges.length);
  for (const { from, to } of edges) boxes.add(...boxOf([from, to]));
  boxes.finish();
  for (const [place, edge] of edges.entries()) {
    const length = (polygon[edge.ring]?.length ?? 0) - 1;
    for (const found of boxes.search(...boxOf([edge.from, edge.to]), (other) => other > place)) {
      const other = edges[found];
      if (!other || !conflict(edge, other, length)) continue;
      const near = `near [${edge.to.join(', ')}]`;
      if (edge.ring === other.ring)
        throw new InvalidPolygon(`has a self-intersection in its ${nameOf(edge.ring)} ${near}`);
      throw new InvalidPolygon(`has an intersection of its ${nameOf(edge.ring)} and its ${nameOf(other.ring)} ${near}`);
    }
  }
}

/** Of two edges whose boxes meet. */
function conflict(a: Edge, b: Edge, length: number): boolean {
  const sides = [sideOf(a, b.from) * sideOf(a, b.to), sideOf(b, a.from) * sideOf(b, a.to)] as const;
  if (a.ring !== b.ring) return sides[0] < 0 && sides[1] < 0;
  if (b.index === a.index + 1) return turnsBack(a, b);
  if (a.index === 0 && b.index === length - 1) return turnsBack(b, a);
  return sides[0] <= 0 && sides[1] <= 0;
}

/** Whether an edge runs back over the one before it. */
function turnsBack(a: Edge, b: Edge): boolean {
  const along = (a.from[0] - a.to[0]) * (b.to[0] - b.from[0]) + (a.from[1] - a.to[1]) * (b.to[1] - b.from[1]);
  return along > 0 && sideOf(a, b.to) === 0;
}

function sideOf({ from, to }: Edge, [longitude, latitude]: Position): number {
  return Math.sign(orient2d(from[0], from[1], to[0], to[1], longitude, latitude));
}

function same(a: Position, b: Position): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
