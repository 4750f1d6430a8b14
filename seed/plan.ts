/** The effect of loading one kind of data. */
export interface Plan {
  name: string;
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  note?: string;
  /** The number of items that {@link Plan.apply} writes, for a progress bar. */
  writes: number;
  apply: (written: (items: number) => void) => Promise<void>;
}

/** Compares the stored data with the new data. The plan does not write anything yet. */
export function compare<T extends { code: string }>(name: string, before: readonly T[], after: readonly T[]): Plan {
  const [old, next] = [before, after].map((all) => new Map(all.map((entry) => [entry.code, contentOf(entry)])));
  const codes = [...(next?.keys() ?? [])];
  const unchanged = codes.filter((code) => old?.get(code) === next?.get(code)).length;
  const added = codes.filter((code) => !old?.has(code)).length;
  const removed = before.filter(({ code }) => !next?.has(code)).length;
  const changed = codes.length - added - unchanged;
  return { name, added, changed, removed, unchanged, writes: 0, apply: async () => undefined };
}

/** Serializes an entry independently of the order of its fields. */
function contentOf(entry: object): string {
  return JSON.stringify(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
}
