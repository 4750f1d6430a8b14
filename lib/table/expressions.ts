import type { Key } from './keys.ts';

export type Item = Record<string, unknown>;

/**
 * One write, alone or in a transaction. Expressions name attributes as `#name`, because many words
 * are reserved, and values as `:value`. Unused values are left out, because DynamoDB rejects them.
 */
export type Write = { key: Key; condition?: string; values?: Item } & (
  | { kind: 'put'; item: Item }
  | { kind: 'update'; expression: string }
  | { kind: 'delete' }
  | { kind: 'check'; condition: string }
);

/** `old` is the item before the write, or the item that failed its condition. */
export interface WriteResult {
  done: boolean;
  old: Item | undefined;
}
/** `rejected` has an entry for each write: the item that failed its condition, else undefined. */
export type TransactionResult = { done: true } | { done: false; rejected: ({ old: Item | undefined } | undefined)[] };

/** Some fields of T. An undefined field stays unchanged. */
export type Changes<T> = { [F in keyof T]?: T[F] | undefined };

/** Builds the SET clause for the defined fields. The expression is empty if there are none. */
export function setExpression<T extends object>(fields: T): { expression: string; values: Item; given: Partial<T> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const assignments = given.map(([name]) => `#${name} = :${name}`).join(', ');
  return {
    expression: assignments && `SET ${assignments}`,
    values: Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
    given: Object.fromEntries(given) as Partial<T>,
  };
}

/** Returns the condition of a write, and the names and values that its expressions use. */
export function toExpressions({ condition, values = {}, ...change }: Write) {
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
