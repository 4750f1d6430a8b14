import { appendFileSync, readFileSync } from 'node:fs';
import { permissionsOf } from '../../../deploy/permissions.ts';
import { project, readFunctions, readService } from '../../openapi/routes.ts';

class Grants {
  readonly service: string;
  readonly #functions: ReturnType<typeof readService>['functions'];

  constructor(folder: string) {
    ({ service: this.service, functions: this.#functions } = readService(folder));
  }

  get functionNames(): string[] {
    return Object.keys(this.#functions);
  }

  /**
   * Returns the permissions of a function, in the notation of the recorder: `sns:Publish phone`.
   */
  of(functionName: string): string[] {
    const { permissions = [] } = this.#functions[functionName] ?? {};
    return permissions.flatMap((name) => {
      const { Action, Resource } = known[name];
      return Action.map((action) => [action, purposeOf(action, Resource)].join(' ').trim());
    });
  }
}

const known = permissionsOf({ service: 'shop', stage: 'local', pushApplications: [] });

function purposeOf(action: string, resource: unknown): string | undefined {
  const { 'Fn::Sub': arn = '', 'Fn::GetAtt': [logicalId = ''] = [] } = (resource ?? {}) as Reference;
  if (action === 'sns:Publish') return resource === undefined ? 'phone' : 'endpoint';
  if (action.startsWith('ssm:')) return arn.slice(arn.lastIndexOf('/') + 1);
  if (action.startsWith('sqs:')) return logicalId.toLowerCase();
  return undefined;
}

interface Reference {
  'Fn::Sub'?: string;
  'Fn::GetAtt'?: string[];
}

/**
 * Records the permissions that a test file uses. Every file appends to GRANTS_LOG, which
 * `findUnusedGrants` reads.
 */
export class GrantLog {
  readonly #grants: Grants;
  readonly #functionsByOperation: Map<string, string>;
  readonly #used = new Set<string>();
  readonly #denied = new Set<string>();

  constructor(folder: string) {
    this.#grants = new Grants(folder);
    this.#functionsByOperation = new Map(
      readFunctions(folder).flatMap(({ functionName, file }) => {
        const operationId = /operationId: '(\w+)'/.exec(readFileSync(`${folder}/${file}.ts`, 'utf8'))?.[1];
        return operationId ? [[operationId, functionName] as const] : [];
      }),
    );
  }

  /** Returns the function behind an operation, or an empty string. */
  functionOf(operationId = ''): string {
    return this.#functionsByOperation.get(operationId) ?? '';
  }

  add(functionName: string | undefined, actions: readonly string[]): void {
    if (!functionName) return;
    for (const action of actions) {
      this.#used.add(`${this.#grants.service} ${functionName} ${action}`);
      if (!this.#grants.of(functionName).includes(action)) this.#denied.add(`${functionName} makes ${action}`);
    }
  }

  /** @throws if a function used a permission that serverless.yml does not grant */
  check(): void {
    const denied = [...this.#denied];
    this.#denied.clear();
    if (denied.length > 0) throw new Error(`${denied.join(', ')}, which serverless.yml does not allow.`);
  }

  write(): void {
    appendFileSync(process.env.GRANTS_LOG ?? '', [...this.#used, ''].join('\n'));
  }
}

const folders = [project, `${project}/examples/petstore`];

/** Lambda itself sends changes that keep failing to this queue, so no test uses it. */
const usedByLambda = 'sqs:SendMessage failedchanges';

export function findUnusedGrants(log: string): string[] {
  const used = new Set(readFileSync(log, 'utf8').split('\n'));
  return folders
    .map((folder) => new Grants(folder))
    .flatMap((grants) =>
      grants.functionNames.flatMap((functionName) =>
        grants
          .of(functionName)
          .filter((action) => action !== usedByLambda)
          .map((action) => `${grants.service} ${functionName} ${action}`),
      ),
    )
    .filter((line) => !used.has(line));
}
