import { readFileSync } from 'node:fs';

/**
 * Reads the OpenAPI document from the package of the function. Bundled code would parse it slower.
 * @param base the path of the API on its host
 */
export function readDocument(base: string) {
  return { ...JSON.parse(readFileSync('openapi.json', 'utf8')), servers: [{ url: base || '/' }] };
}
