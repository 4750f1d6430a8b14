import { appendFileSync, readFileSync } from 'node:fs';
import { readFunctions, readService } from '../http/routes.ts';
import type { Call } from './engineProxy.ts';

const root = new URL('../../', import.meta.url);

/** The functions of serverless.yml by the operations they answer. */
const functionsByOperation = new Map(
  readFunctions().flatMap(({ functionName, file }) => {
    const operationId = /operationId: '(\w+)'/.exec(readFileSync(new URL(`${file}.ts`, root), 'utf8'))?.[1];
    return operationId ? [[operationId, functionName] as const] : [];
  }),
);
const { functions } = readService();

/**
 * What a function did that its line in serverless.yml does not allow it. GRANTS_LOG names a file for all that it did, to find
 * permissions that nobody needs.
 */
export function ungranted(operationId: string, calls: readonly Call[], snsActions: readonly string[]): string[] {
  const functionName = functionsByOperation.get(operationId);
  if (!functionName) return [];
  const statements = functions[functionName]?.iamRoleStatements ?? [];
  const granted = new Set(statements.flatMap(({ Action }) => Action));
  const made = [...calls.flatMap(actionsOf), ...snsActions.map((action) => `sns:${action}`)];
  const log = process.env.GRANTS_LOG;
  for (const action of log ? made : []) appendFileSync(String(log), `${functionName} ${action}\n`);
  return [...new Set(made)].filter((action) => !granted.has(action)).map((action) => `${functionName} makes ${action}`);
}

const inTransaction: Record<string, string> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** The permissions that a call needs; a transaction needs that of each write in it. */
function actionsOf({ operation, body }: Call): string[] {
  if (operation !== 'TransactWriteItems') return [`dynamodb:${operation}`];
  const { TransactItems } = JSON.parse(body) as { TransactItems: object[] };
  return TransactItems.flatMap((item) => Object.keys(item)).map((kind) => `dynamodb:${inTransaction[kind]}`);
}
