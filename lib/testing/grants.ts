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

/** What a function did that its line in serverless.yml does not allow it. All that it did goes to the file that GRANTS_LOG names. */
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

/** Reads may be answered by what a function has kept, so a test that sees none proves nothing. */
const mayBeKept = ['dynamodb:BatchGetItem', 'dynamodb:Query'];

/** What lines of serverless.yml allow, and no test has seen done by a function that tests have seen at all. */
export function unused(log: string): string[] {
  const done = new Set(readFileSync(log, 'utf8').split('\n'));
  const seen = new Set(Array.from(done, (line) => line.split(' ')[0]));
  return Object.entries(functions)
    .filter(([functionName]) => seen.has(functionName))
    .flatMap(([functionName, { iamRoleStatements = [] }]) =>
      iamRoleStatements
        .flatMap(({ Action }) => Action)
        .filter((action) => /^(dynamodb|sns):/.test(action) && !mayBeKept.includes(action))
        .map((action) => `${functionName} ${action}`),
    )
    .filter((line) => !done.has(line));
}
