import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { findUnusedGrants } from './aws/grants.ts';

/** The parts of Jest's configuration that narrow a run. */
interface Run {
  testPathPatterns: { patterns: string[] };
  testNamePattern?: string;
  onlyChanged: boolean;
  watch: boolean;
  shard?: object;
}

interface Project {
  displayName?: { name: string };
}

/** Fails a complete run of the fast tests if a granted permission was never used. */
export default function globalTeardown(run: Run, { displayName }: Project): void {
  const log = process.env.GRANTS_LOG ?? '';
  const isNarrowed =
    run.testPathPatterns.patterns.length > 0 || run.testNamePattern || run.onlyChanged || run.watch || run.shard;
  const found = isNarrowed || displayName?.name !== 'fast' ? [] : findUnusedGrants(log);
  rmSync(dirname(log), { recursive: true });
  if (found.length > 0) throw new Error(`serverless.yml grants permissions that no test used: ${found.join(', ')}.`);
}
