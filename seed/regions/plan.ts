import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as countries from '../../lib/countries/countryRepository.ts';
import { readVersionInForce } from '../../lib/regions/regionRepository.ts';
import { type LoadedRegion, regionsOf, replace } from '../../lib/regions/regionVersions.ts';
import { InputError } from '../../local/inputError.ts';
import { compare, type Plan } from '../plan.ts';
import { buildCells, type Shape } from './cellTree.ts';
import { readRegions } from './geojson.ts';

/** Our regions of large cities in Egypt and Saudi Arabia. */
const shipped = fileURLToPath(new URL('../regions.geojson', import.meta.url));
/**
 * The source name of our regions. Other files cannot have it, because their names omit the folder.
 */
const shippedSource = 'seed/regions.geojson';

/**
 * Part of the digest. A new number makes every stage load its regions again after a change of the
 * cell format.
 */
const layout = 1;

/**
 * Plans to replace all regions by those of a file. Without a file it uses ours, but a stage with a
 * shop's own regions keeps them.
 * @param upcoming countries that will be in the table by then, in addition to the stored ones
 * @throws {InputError} if the file is invalid
 */
export async function planRegions(file?: string, upcoming: readonly { code: string }[] = []): Promise<Plan> {
  const source = file === undefined || resolve(file) === shipped ? shippedSource : basename(file);
  const activeVersion = await readVersionInForce();
  const before = activeVersion ? await regionsOf(activeVersion.version) : [];
  if (activeVersion && file === undefined && activeVersion.source !== shippedSource) {
    return { ...compare('regions', before, before), note: `kept as loaded from ${activeVersion.source}` };
  }
  const codes = [...upcoming, ...(await countries.readStored())].map(({ code }) => code);
  const shapes = readRegions(file ?? shipped, new Set(codes));
  const regions = shapes.map(withDigest);
  const digest = digestOf([layout, source, ...regions.map((region) => region.digest).sort()]);
  const changes = compare('regions', before, regions);
  if (digest === activeVersion?.digest && changes.unchanged === regions.length) return changes;
  const cells = buildCells(shapes);
  return {
    ...changes,
    writes: cells.length + regions.length,
    apply: async (written) => {
      const done = await replace(activeVersion, { source, digest, regions, cells }, written);
      if (!done) throw new InputError('Another load has replaced the regions meanwhile. Load yours again.');
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
