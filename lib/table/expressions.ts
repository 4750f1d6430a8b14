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

/** `old` is the item as it was: before a write that was done, or as it stood in the way of one that was refused. */
export interface WriteResult {
  done: boolean;
  old: Item | undefined;
}
/** For each write of a transaction: nothing where its condition held, else the item that stood in the way. */
export type TransactionResult = { done: true } | { done: false; refused: ({ old: Item | undefined } | undefined)[] };

/** Some of the fields of T; those that are undefined are not given. */
export type Changes<T> = { [F in keyof T]?: T[F] | undefined };

/** What an update sends to set the fields that are given and leave the rest alone; an empty expression where none is. */
export function setExpression<T extends object>(fields: T): { expression: string; values: Item; given: Partial<T> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const assignments = given.map(([name]) => `#${name} = :${name}`).join(', ');
  return {
    expression: assignments && `SET ${assignments}`,
    values: Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
    given: Object.fromEntries(given) as Partial<T>,
  };
}

/** What every kind of write sends beside its item: the condition, and those names and values that its expressions use. */
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
