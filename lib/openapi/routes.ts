import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The folder of the project; its own service is meant where none is named. */
export const project = join(import.meta.dirname, '../..');

/** One line of serverless.yml: a function, its file, and the route that runs it. */
export interface Route {
  functionName: string;
  /** Relative to the service, without its ending: `functions/auth/sendOtp`. */
  file: string;
  method: string;
  /** As written, with its trailing slash where it has one. */
  path: string;
  /** As API Gateway names it: without the trailing slash. */
  resource: string;
}

interface Service {
  service: string;
  params: Record<string, Record<string, unknown>>;
  custom: {
    esbuild: { mainFields: string[]; target: string; alias: Record<string, string> };
    clientLimits: { requests: number; guardedRequests: number };
  };
  functions: Record<
    string,
    {
      handler: string;
      memorySize?: number;
      iamRoleStatements?: { Action: string[]; Resource?: unknown; NotResource?: unknown }[];
      events?: string | { http?: string; stream?: { filterPatterns: unknown[] } }[];
    }
  >;
}

/**
 * The serverless.yml of a folder as it stands, its variables unresolved. For builds, the local
 * stack and tests; no function loads it.
 */
export function readService(folder = project): Service {
  return readYaml(`${folder}/serverless.yml`) as Service;
}

/** What serverless.yml sets for a stage. */
export function paramOf(stage: string, name: string): unknown {
  const { params } = readService();
  return { ...params.default, ...params[stage] }[name];
}

/** The table's properties, as they are deployed by every service. */
export function readTable(): unknown {
  const { Resources } = readYaml(`${project}/deploy/table.yml`) as { Resources: { Table: { Properties: unknown } } };
  return Resources.Table.Properties;
}

/** How the queue of broadcasts is deployed. */
export function readBroadcastQueue(): { maxReceiveCount: number } {
  const { Resources } = readYaml(`${project}/deploy/queues.yml`) as {
    Resources: {
      Broadcasts: { Properties: { RedrivePolicy: { maxReceiveCount: number } } };
    };
  };
  return { maxReceiveCount: Resources.Broadcasts.Properties.RedrivePolicy.maxReceiveCount };
}

function readYaml(file: string): unknown {
  // Each function repeats the aliases of its permissions, which the parser takes for an attack.
  return parse(readFileSync(file, 'utf8'), { logLevel: 'error', maxAliasCount: -1 });
}

/** Every function of a service and its file. */
export function readFunctions(folder?: string): { functionName: string; file: string }[] {
  return Object.entries(readService(folder).functions).map(([functionName, { handler }]) => ({
    functionName,
    file: handler.replace(/\.handler$/, ''),
  }));
}

/** Every route of a service; those that the fallback gets are made from them. */
export function readRoutes(folder?: string): Route[] {
  return Object.entries(readService(folder).functions).flatMap(([functionName, { handler, events }]) =>
    (Array.isArray(events) ? events : []).flatMap(({ http }) => {
      const [method, path] = http?.split(' ') ?? [];
      if (!method || !path) return [];
      const file = handler.replace(/\.handler$/, '');
      return [{ functionName, file, method, path, resource: path.replace(/\/$/, '') }];
    }),
  );
}
