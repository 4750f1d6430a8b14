import type { ErrorFormat } from '../http/errorFormats.ts';

export interface Gateway {
  resources: { Resources: Record<string, { Type: string; Properties: object }> };
  fallbackEvents: { http: { method: string; path: string } }[];
  environment: { METHODS_BY_RESOURCE: string };
}

export declare function gatewayOf(folder: string, dialect: ErrorFormat): Gateway;
