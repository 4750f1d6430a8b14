import type { Key } from './keys.ts';

export type Item = Record<string, unknown>;

/**
 * One write, by itself or in a transaction. Expressions write attributes as `#name`, so that reserved words need no
 * care, and values as `:value`; values that no expression uses are left out, as DynamoDB wants it.
 */
export type Write = { key: Key; condition?: string; values?: Item } & (
  | { kind: 'put'; item: Item }
  | { kind: 'update'; expression: string }
  | { kind: 'delete' }
  | { kind: 'check'; condition: string }
);

/** What every kind of write sends beside its item: the condition, and those names and values that its expressions use. */
export function expressionsOf({ condition, values = {}, ...change }: Write) {
  const expressions = `${condition ?? ''} ${change.kind === 'update' ? change.expression : ''}`;
  const names = Object.fromEntries(
    Array.from(expressions.matchAll(/#(\w+)/g), ([placeholder, name]) => [placeholder, name]),
  );
  const used = Object.fromEntries(Array.from(expressions.matchAll(/:\w+/g), ([name]) => [name, values[name]]));
  return {
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    ...(condition && { ConditionExpression: condition }),
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names as Record<string, string> }),
    ...(Object.keys(used).length > 0 && { ExpressionAttributeValues: used }),
  };
}
