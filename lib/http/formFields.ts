/** Returns the fields of a form by name. The values of a repeated field become a list. */
export function readFormFields(fields: Iterable<readonly [name: string, value: unknown]>): Record<string, unknown> {
  const byName = Map.groupBy(fields, ([name]) => name);
  return Object.fromEntries(
    Array.from(byName, ([name, all]) => {
      const [first, ...others] = all.map(([, value]) => value);
      return [name, others.length > 0 ? [first, ...others] : first];
    }),
  );
}
