import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as countries from '../../lib/countries/countryRepository.ts';
import { readVersionInForce } from '../../lib/regions/regionRepository.ts';
import { type LoadedRegion, regionsOf, replace } from '../../lib/regions/regionVersions.ts';
import { Refusal } from '../../local/refusal.ts';
import { compare, type Plan } from '../plan.ts';
import { buildCells, type Shape } from './cellTree.ts';
import { readRegions } from './geojson.ts';

/** Ours, of big cities in Egypt and Saudi Arabia. */
const shipped = fileURLToPath(new URL('../regions.geojson', import.meta.url));
/** No other file can have it, for they go by their names without a folder. */
const shippedSource = 'seed/regions.geojson';

/** Part of every digest: another way to cut the map makes every stage load its regions again. */
const layout = 1;

/**
 * Puts the regions of a file in force in place of all others. Without a file ours are meant, and then a stage that has a shop's
 * own regions keeps them.
 * @param upcoming Countries that will be in the table by then, beside those that are.
 * @throws {Refusal} when the file is wrong
 */
export async function planRegions(file?: string, upcoming: readonly { code: string }[] = []): Promise<Plan> {
  const source = file === undefined || resolve(file) === shipped ? shippedSource : basename(file);
  const inForce = await readVersionInForce();
  const before = inForce ? await regionsOf(inForce.version) : [];
  if (inForce && file === undefined && inForce.source !== shippedSource) {
    return { ...compare('regions', before, before), note: `kept as loaded from ${inForce.source}` };
  }
  const known = [...upcoming, ...(await countries.readStored())].map(({ code }) => code);
  const shapes = readRegions(file ?? shipped, new Set(known));
  const regions = shapes.map(withDigest);
  const digest = digestOf([layout, source, ...regions.map((region) => region.digest).sort()]);
  const changes = compare('regions', before, regions);
  if (digest === inForce?.digest && changes.unchanged === regions.length) return changes;
  const cells = buildCells(shapes);
  return {
    ...changes,
    writes: cells.length + regions.length,
    apply: async (written) => {
      const done = await replace(inForce, { source, digest, regions, cells }, written);
      if (!done) throw new Refusal('Somebody else has loaded regions meanwhile; theirs stand. Load yours again.');
    },
  };
}

function withDigest(shape: Shape): LoadedRegion {
  const { code, name, countryCode } = shape;
  return { code, name, countryCode, digest: digestOf(shape) };
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
