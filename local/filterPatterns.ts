type Pattern = { [field: string]: Pattern | readonly Rule[] };
type Rule = string | number | boolean | null | { prefix: string } | { exists: boolean } | { 'anything-but': unknown[] };

/**
 * Returns the records that match at least one pattern, or all records without patterns.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export function filterRecords<T>(patterns: readonly unknown[], records: readonly T[]): T[] {
  if (patterns.length === 0) return [...records];
  return records.filter((record) => patterns.some((pattern) => matches(pattern as Pattern, record)));
}

function matches(pattern: Pattern, value: unknown): boolean {
  return Object.entries(pattern).every(([field, rules]) => {
    const inner = isObject(value) ? value[field] : undefined;
    return isRules(rules) ? rules.some((rule) => follows(rule, inner)) : matches(rules, inner);
  });
}

/** @throws for unknown rules, so that a pattern never matches more here than on Lambda */
function follows(rule: Rule, value: unknown): boolean {
  if (rule === null || typeof rule !== 'object') return value === rule;
  if ('prefix' in rule) return typeof value === 'string' && value.startsWith(rule.prefix);
  if ('exists' in rule) return (value !== undefined) === rule.exists;
  if ('anything-but' in rule) return value !== undefined && ![rule['anything-but']].flat().includes(value);
  throw new Error(`The local stack has no filter rule ${Object.keys(rule)[0]}.`);
}

const isRules = (rules: Pattern | readonly Rule[]): rules is readonly Rule[] => Array.isArray(rules);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
