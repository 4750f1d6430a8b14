import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { newId } from '../table/ids.ts';
import {
  cellKey,
  cellPrefix,
  type Key,
  regionKey,
  regionPrefix,
  regionsInForceKey,
  regionVersionKey,
  regionVersionPrefix,
  regionVersionsPartition,
  versionPartition,
} from '../table/keys.ts';
import { readPrefix, readRaw, transact, write } from '../table/table.ts';
import { writeAll } from '../table/writeMany.ts';
import { Cell, Region, readVersionInForce, Version } from './regionRepository.ts';

/** A region as it was loaded, to tell what another file would change. */
export const LoadedRegion = Region.extend({ digest: z.string() });
export type LoadedRegion = z.infer<typeof LoadedRegion>;

export const regionsOf = (version: number) => readPrefix(versionPartition(version), regionPrefix, LoadedRegion);
export const cellsOf = (version: number) => readPrefix(versionPartition(version), cellPrefix, Cell);

interface Replacement extends Pick<Version, 'source' | 'digest'> {
  regions: readonly LoadedRegion[];
  cells: readonly Cell[];
}

/**
 * Replaces the active regions, if they are still the ones that the caller read. Returns false if
 * not. Requests see the old regions until the last write. `written` gets the number of items that
 * each step wrote.
 */
export async function replace(
  before: Version | undefined,
  { source, digest, regions, cells }: Replacement,
  written: (items: number) => void = () => undefined,
): Promise<boolean> {
  const next: Version = { version: newId(), source, digest, regions: regions.length, startedAtSeconds: nowSeconds() };
  await write({ kind: 'put', key: regionVersionKey(next.version), item: next });
  await writeAll(
    [
      ...cells.map((item) => ({ key: cellKey(next.version, item.path), item })),
      ...regions.map((item) => ({ key: regionKey(next.version, item.code), item })),
    ],
    written,
  );
  const { done } = await transact([
    {
      kind: 'put',
      key: regionsInForceKey,
      item: next,
      condition: before ? '#version = :seen' : 'attribute_not_exists(pk)',
      values: { ':seen': before?.version },
    },
    { kind: 'check', key: regionVersionKey(next.version), condition: 'attribute_not_exists(#dropped)' },
  ]);
  await deleteInactive(done ? before?.version : next.version);
  return done;
}

/** A load that takes longer counts as interrupted. */
const patienceSeconds = 3_600;

/** Deletes a version that is no longer active, and the versions of interrupted loads. */
async function deleteInactive(outdated: number | undefined): Promise<void> {
  const active = await readVersionInForce();
  for (const { version, startedAtSeconds } of await readPrefix(regionVersionsPartition, regionVersionPrefix, Version)) {
    const isInterrupted = nowSeconds() - startedAtSeconds > patienceSeconds;
    if (version === active?.version || (version !== outdated && !isInterrupted)) continue;
    const key = regionVersionKey(version);
    // After this write the version cannot become active, even if its load is still running.
    await write({ kind: 'update', key, expression: 'SET #dropped = :yes', values: { ':yes': true } });
    const items: Key[] = await readRaw(versionPartition(version));
    await writeAll(items.map(({ pk, sk }) => ({ key: { pk, sk } })));
    await write({ kind: 'delete', key });
  }
}
