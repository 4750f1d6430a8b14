import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import booleanPointInPolygon from '@turf/boolean-point-in-polygon';
import type { Feature, Polygon } from 'geojson';
import { find } from '../lib/regions/regionRepository.ts';
import { replace } from '../lib/regions/regionVersions.ts';
import { generator } from '../lib/testing/fixtures/random.ts';
import { startTestEngine } from '../lib/testing/stage/engine.ts';
import { createTable } from '../local/table.ts';
import { buildCells, type Shape } from '../seed/regions/cellTree.ts';
import { makeShapes, somewhere } from './map.ts';

/**
 * Measures look-ups of regions among 10,000 polygons with 1,000,000 corners, which share winding
 * borders. It compares them with a scan by a well-known library. Another process creates and loads
 * the map, so that the reported memory is that of a function.
 */
const lookups = 100_000;
const scans = 300;

const [job, endpoint] = process.argv.slice(2);
if (job === 'load') await load(endpoint ?? '');
else await compare();

async function load(endpoint: string): Promise<void> {
  useTable(endpoint);
  const shapes = makeShapes();
  const [cells, buildMs] = await timed(async () => buildCells(shapes));
  const regions = shapes.map(({ code, name, countryCode }) => ({ code, name, countryCode, digest: '' }));
  const [, loadMs] = await timed(() => replace(undefined, { source: 'bench', digest: '', regions, cells }));
  const corners = shapes.reduce((sum, { polygons }) => sum + (polygons[0]?.[0]?.length ?? 0) - 1, 0);
  print(`map          ${shapes.length} polygons, ${corners} corners`);
  print(`cells        ${cells.length} built in ${seconds(buildMs)} s, loaded in ${seconds(loadMs)} s`);
}

async function compare(): Promise<void> {
  const engine = await startTestEngine();
  useTable(engine.endpoint);
  await createTable(engine.endpoint, process.env.TABLE_NAME ?? '');
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'load', engine.endpoint], { stdio: 'inherit' });

  const random = generator(7);
  const anywhere = () => somewhere(random);
  const [, coldMs] = await timed(() => find(anywhere()));
  print(`first        ${coldMs.toFixed(1)} ms, with the client's start and two reads`);
  const points = Array.from({ length: lookups }, anywhere);
  for (const point of points) await find(point);
  globalThis.gc?.();
  print(`memory       ${Math.round(process.memoryUsage().rss / 1e6)} MB once points everywhere have been asked for`);

  const indexed: number[] = [];
  const responses: (string | undefined)[] = [];
  for (const point of points) {
    const start = performance.now();
    const region = await find(point);
    indexed.push(performance.now() - start);
    responses.push(region?.code);
  }
  const polygons = makeShapes().map(({ code, polygons: [rings = []] }) => featureOf(code, rings));
  const scanned: number[] = [];
  let disagreements = 0;
  for (const [index, point] of points.slice(0, scans).entries()) {
    const start = performance.now();
    const found = polygons.find((polygon) => booleanPointInPolygon([...point], polygon));
    scanned.push(performance.now() - start);
    if (found?.id !== responses[index]) disagreements += 1;
  }
  print(`lookup       ${spread(indexed)}`);
  print(`scan         ${spread(scanned)}, by @turf/boolean-point-in-polygon`);
  print(
    `the scan takes ${Math.round(quantile(scanned, 0.5) / quantile(indexed, 0.5))} times as long; ${disagreements} of ${scans} answers differ`,
  );
  engine.stop();
}

function featureOf(id: string, rings: Shape['polygons'][number]): Feature<Polygon> {
  const coordinates = rings.map((ring) => ring.map((position) => [...position]));
  return { type: 'Feature', id, properties: {}, geometry: { type: 'Polygon', coordinates } };
}

function useTable(endpoint: string): void {
  Object.assign(process.env, {
    STAGE: 'bench',
    TABLE_NAME: 'bench-regions',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  });
}

async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await run(), performance.now() - start];
}

function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? 0;
}

function spread(values: number[]): string {
  return `median ${quantile(values, 0.5).toFixed(4)} ms, 99th percentile ${quantile(values, 0.99).toFixed(4)} ms`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
