import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const project = join(import.meta.dirname, '../..');

export interface Route {
  functionName: string;
  /** Path relative to the service, without its extension: `functions/auth/sendOtp`. */
  file: string;
  method: string;
  /** Path as written in serverless.yml, with or without a trailing slash. */
  path: string;
  /** Path as API Gateway names it, without a trailing slash. */
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
 * Reads the serverless.yml of a folder, with its variables unresolved. Only builds, the local stack
 * and tests use it.
 */
export function readService(folder = project): Service {
  return readYaml(`${folder}/serverless.yml`) as Service;
}

export function paramOf(stage: string, name: string): unknown {
  const { params } = readService();
  return { ...params.default, ...params[stage] }[name];
}

export function readTable(): unknown {
  const { Resources } = readYaml(`${project}/deploy/table.yml`) as { Resources: { Table: { Properties: unknown } } };
  return Resources.Table.Properties;
}

export function readBroadcastQueue(): { maxReceiveCount: number } {
  const { Resources } = readYaml(`${project}/deploy/queues.yml`) as {
    Resources: {
      Broadcasts: { Properties: { RedrivePolicy: { maxReceiveCount: number } } };
    };
  };
  return { maxReceiveCount: Resources.Broadcasts.Properties.RedrivePolicy.maxReceiveCount };
}

function readYaml(file: string): unknown {
  // Each function repeats aliases for its permissions, which the parser would reject as an attack.
  return parse(readFileSync(file, 'utf8'), { logLevel: 'error', maxAliasCount: -1 });
}

export function readFunctions(folder?: string): { functionName: string; file: string }[] {
  return Object.entries(readService(folder).functions).map(([functionName, { handler }]) => ({
    functionName,
    file: handler.replace(/\.handler$/, ''),
  }));
}

/** Returns the routes of a service, without those of the fallback, which are derived from them. */
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
