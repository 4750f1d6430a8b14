import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Permission } from '../../deploy/permissions.ts';

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
    esbuild: { mainFields: string[]; target: string; alias: Record<string, string>; banner: { js: string } };
    clientLimits: { requests: number; guardedRequests: number };
  };
  functions: Record<
    string,
    {
      handler: string;
      memorySize?: number;
      permissions?: Permission[];
      events?: string | { http?: string }[];
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

/** Returns the stream that a worker follows. */
export function readStream<S>(worker: string): S {
  const events = readYaml(`${project}/deploy/workers.yml`) as Record<string, { stream: S }[]>;
  const [event] = events[worker] ?? [];
  if (!event) throw new Error(`deploy/workers.yml has no stream for ${worker}.`);
  return event.stream;
}

function readYaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'), { logLevel: 'error' });
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
