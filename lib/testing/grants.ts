import { appendFileSync, readFileSync } from 'node:fs';
import { readFunctions, readService } from '../http/routes.ts';

const root = new URL('../../', import.meta.url);
const { functions } = readService();

/** The functions of serverless.yml by the operations they answer. */
export const functionsByOperation = new Map(
  readFunctions().flatMap(({ functionName, file }) => {
    const operationId = /operationId: '(\w+)'/.exec(readFileSync(new URL(`${file}.ts`, root), 'utf8'))?.[1];
    return operationId ? [[operationId, functionName] as const] : [];
  }),
);

/** What a function's line in serverless.yml allows, as calls are named: `sns:Publish phone`. */
function granted(functionName: string): string[] {
  const statements = functions[functionName]?.iamRoleStatements ?? [];
  return statements.flatMap(({ Action, Resource, NotResource }) =>
    Action.map((action) => [action, purposeOf(action, NotResource ? 'phone' : String(Resource))].join(' ').trim()),
  );
}

function purposeOf(action: string, resource: string): string | undefined {
  if (action === 'sns:Publish') return resource === 'phone' ? 'phone' : 'endpoint';
  if (action.startsWith('ssm:')) return resource.slice(resource.lastIndexOf('/') + 1);
  if (action.startsWith('sqs:')) return resource.split('.')[0]?.toLowerCase();
  return undefined;
}

/** Lambda itself reports the changes of a stream that cannot be followed. */
const byLambda = 'sqs:SendMessage failedchanges';

/** What the functions of a test file did, for {@link unused}: all test files write to the file that GRANTS_LOG names. */
export class GrantLog {
  readonly #done = new Set<string>();
  readonly #beyond = new Set<string>();

  add(functionName: string | undefined, actions: readonly string[]): void {
    if (!functionName) return;
    for (const action of actions) {
      this.#done.add(`${functionName} ${action}`);
      if (!granted(functionName).includes(action)) this.#beyond.add(`${functionName} makes ${action}`);
    }
  }

  /** Fails when a function has done what its line in serverless.yml does not allow. */
  check(): void {
    const beyond = [...this.#beyond];
    this.#beyond.clear();
    if (beyond.length > 0) throw new Error(`${beyond.join(', ')}, which serverless.yml does not allow.`);
  }

  write(): void {
    appendFileSync(process.env.GRANTS_LOG ?? '', [...this.#done, ''].join('\n'));
  }
}

/** What lines of serverless.yml allow, and no test has seen done. */
export function unused(log: string): string[] {
  const done = new Set(readFileSync(log, 'utf8').split('\n'));
  return Object.keys(functions)
    .flatMap((functionName) =>
      granted(functionName)
        .filter((action) => action !== byLambda)
        .map((action) => `${functionName} ${action}`),
    )
    .filter((line) => !done.has(line));
}
