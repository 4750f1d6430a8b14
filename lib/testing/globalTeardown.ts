import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { unused } from './grants.ts';

/** What was asked to run, as jest tells it. */
interface Run {
  testPathPatterns: { patterns: string[] };
  testNamePattern?: string;
}

/** After a run of all tests it also says which permissions nobody needs. */
export default function globalTeardown({ testPathPatterns, testNamePattern }: Run): void {
  (globalThis as { stopEngine?: () => void }).stopEngine?.();
  const log = process.env.GRANTS_LOG ?? '';
  const isWhole = testPathPatterns.patterns.length === 0 && !testNamePattern;
  const found = isWhole ? unused(log) : [];
  rmSync(dirname(log), { recursive: true });
  if (found.length > 0) throw new Error(`serverless.yml allows what no test has seen done: ${found.join(', ')}.`);
}
