import Flatbush from 'flatbush';
import pointInPolygon from 'point-in-polygon-hao';
import { orient2d } from 'robust-predicates';
import { type Position, world } from '../../lib/regions/cells.ts';
import { layOut, moved, type Path, pathsOf, startNearestTo } from './antimeridian.ts';
import { boxOf, isAroundPole, meet, poleOf, polygonArea, type Ring, turnsInside, unrolled } from './geometry.ts';

/** The reason why a polygon is invalid. Its message completes a sentence about the feature. */
export class InvalidPolygon extends Error {
  override name = 'InvalidPolygon';
}

class Intersection extends InvalidPolygon {}

interface Edge {
  name: string;
  copy: number;
  index: number;
  /** The index of the last edge of a closed ring, which meets the first. */
  last: number | undefined;
  from: Position;
  to: Position;
  /** The end of the edge as the file has it. */
  corner: Position;
}

/**
 * Normalizes a polygon for the map. Repeated corners are merged, and a ring across the antimeridian
 * continues beyond ±180°. A ring around a pole becomes an open path of one turn.
 * @throws {InvalidPolygon} unless the rings are closed and simple, with holes inside, as OGC's
 * Simple Features require
 */
export function validPolygon(rings: readonly Ring[]): Ring[] {
  const paths = rings.map((ring, index) => readPath(checkRing(ring, nameOf(index)), nameOf(index)));
  const pole = poleOf(paths.map((path) => layOut(path)));
  const [outer, ...holes] = largestFirst(paths.map((path) => (isOpen(path) ? startNearestTo(pole, path) : path)));
  if (!outer) throw new InvalidPolygon('has a polygon without a ring');
  const alignedPaths = [outer, ...holes.map((hole) => moveInto(hole, outer))];
  const turns = isOpen(outer) ? [-1, 0, 1] : [0];
  if (holes.length > 0) rejectCrossings(alignedPaths.flatMap((path, index) => edgesOf(path, nameOf(index), turns)));
  const polygon = alignedPaths.map((path) => layOut(path));
  rejectMisplacedHoles(polygon);
  if (polygonArea(polygon) <= 0) throw new InvalidPolygon('has holes that leave nothing of a polygon');
  return polygon;
}

const isOpen = (path: Path) => isAroundPole(layOut(path));

/**
 * Puts the larger ring first. Two rings around a pole may have either order in the file, because on
 * a globe both border the area between them.
 */
function largestFirst([outer, ...holes]: readonly Path[]): Path[] {
  if (!outer) return [];
  if (!isOpen(outer)) return [outer, ...holes];
  const isLarger = (hole: Path) => isOpen(hole) && polygonArea([layOut(outer), layOut(hole)]) < 0;
  const larger = holes.find(isLarger);
  return larger ? [larger, ...holes.map((hole) => (hole === larger ? outer : hole))] : [outer, ...holes];
}

/** Returns the most likely path of a ring that is simple and has an area. */
function readPath(ring: Ring, name: string): Path {
  const problems: InvalidPolygon[] = [];
  for (const path of pathsOf(ring)) {
    try {
      rejectBadPath(path, name);
      return path;
    } catch (error) {
      if (!(error instanceof InvalidPolygon)) throw error;
      problems.push(error);
    }
  }
  throw problems.find((problem) => problem instanceof Intersection) ?? problems[0];
}

function rejectBadPath(path: Path, name: string): void {
  const ring = layOut(path);
  const turns = Math.abs((ring.at(-1)?.[0] ?? 0) - (ring[0]?.[0] ?? 0)) / 360;
  if (turns > 1) throw new InvalidPolygon('goes around the earth more than once');
  if (turns === 0 && ring.length < 4) throw new InvalidPolygon(`has a ring without an area, its ${name}`);
  rejectCrossings(edgesOf(path, name, turns === 0 ? [0] : [0, 1]));
  if (polygonArea([ring]) === 0) throw new InvalidPolygon(`has a ring without an area, its ${name}`);
}

/** Rejects holes outside the outer ring or inside each other. The rings must not cross. */
function rejectMisplacedHoles(polygon: readonly Ring[]): void {
  const [outer = [], ...holes] = polygon;
  const pole = poleOf(polygon);
  const [map = []] = unrolled([outer], pole);
  const copies = holes.map((hole) => unrolled([outer, hole], pole).slice(1));
  const boxes = copies.map((rings) => boxOf(rings.flat()));
  const placesOf = (hole: number, other: number) =>
    (copies[other] ?? []).map((copy) => placeOf(holes[hole] ?? [], copy));
  for (const [index, hole] of holes.entries()) {
    const name = nameOf(index + 1);
    if (placeOf(hole, map) === 'outside') throw new InvalidPolygon(`has a hole outside its outer ring, ${name}`);
    const other = holes.findIndex((_, place) => {
      if (place >= index || !meet(boxes[place] ?? world, boxes[index] ?? world)) return false;
      const places = [...placesOf(index, place), ...placesOf(place, index)];
      return places.some((found) => found !== 'outside');
    });
    if (other >= 0) throw new InvalidPolygon(`has a hole in a hole, ${name} and ${nameOf(other + 1)}`);
  }
}

/**
 * Returns the position of a ring relative to another that it does not cross. The first corner off
 * the border decides.
 */
function placeOf(ring: Ring, other: Ring): 'inside' | 'outside' | 'along' {
  for (const corner of ring) {
    const found = pointInPolygon([...corner], [other] as [number, number][][]);
    if (found !== 0) return found ? 'inside' : 'outside';
  }
  return 'along';
}

/**
 * Moves a hole to the same turn around the earth as its outer ring, which may extend beyond ±180°.
 */
function moveInto(hole: Path, outer: Path): Path {
  const [ring, map] = [layOut(hole), layOut(outer)];
  if (isAroundPole(ring)) return hole;
  if (isAroundPole(map)) return moved(hole, -Math.floor((boxOf(ring)[0] + 180) / 360));
  const turns = turnsInside(ring, map);
  const inside = turns.find((turn) => placeOf(layOut(hole, turn), map) !== 'outside');
  return moved(hole, inside ?? turns[0] ?? 0);
}

function nameOf(index: number): string {
  return index === 0 ? 'outer ring' : `hole ${index}`;
}

function checkRing(ring: Ring, name: string): Ring {
  const [first, last] = [ring[0], ring.at(-1)];
  if (!first || !last || !same(first, last)) {
    throw new InvalidPolygon(`has an unclosed ring: the first and last position of its ${name} differ`);
  }
  const corners = ring.filter((position, index) => index === 0 || !same(position, ring[index - 1] ?? position));
  if (corners.length < 4) throw new InvalidPolygon(`has a ring without an area, its ${name}`);
  return corners;
}

/**
 * Returns the edges of a path at several turns. Around a pole, each turn continues the previous
 * one.
 */
function edgesOf(path: Path, name: string, turns: readonly number[]): Edge[] {
  const isClosed = !isOpen(path);
  const edges = path.corners.length - 1;
  return turns.flatMap((turn, copy) => {
    const positions = layOut(path, turn);
    return positions.slice(1).map((to, index) => ({
      name,
      copy: isClosed ? copy : 0,
      index: isClosed ? index : index + edges * copy,
      last: isClosed ? edges - 1 : undefined,
      from: positions[index] ?? to,
      to,
      corner: path.corners[index + 1] ?? to,
    }));
  });
}

/**
 * Rejects crossings. Edges of one ring may only meet at consecutive ends, but different rings may
 * touch.
 */
function rejectCrossings(edges: readonly Edge[]): void {
  const boxes = new Flatbush(edges.length);
  for (const { from, to } of edges) boxes.add(...boxOf([from, to]));
  boxes.finish();
  for (const [place, edge] of edges.entries()) {
    for (const found of boxes.search(...boxOf([edge.from, edge.to]), (other) => other > place)) {
      const other = edges[found];
      if (!other || !conflict(edge, other)) continue;
      const near = `near [${edge.corner.join(', ')}]`;
      if (edge.name === other.name) throw new Intersection(`has a self-intersection in its ${edge.name} ${near}`);
      throw new Intersection(`has an intersection of its ${edge.name} and its ${other.name} ${near}`);
    }
  }
}

/** Returns whether two edges conflict. Their boxes must meet. */
function conflict(a: Edge, b: Edge): boolean {
  const sides = [sideOf(a, b.from) * sideOf(a, b.to), sideOf(b, a.from) * sideOf(b, a.to)] as const;
  if (a.name !== b.name || a.copy !== b.copy) return sides[0] < 0 && sides[1] < 0;
  if (b.index === a.index + 1) return turnsBack(a, b);
  if (a.index === b.index + 1) return turnsBack(b, a);
  if (a.index === 0 && b.index === b.last) return turnsBack(b, a);
  return sides[0] <= 0 && sides[1] <= 0;
}

/** Returns whether edge `b` runs back along the edge before it. */
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
