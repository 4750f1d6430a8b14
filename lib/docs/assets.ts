import { readFileSync } from 'node:fs';

/** Where the docs page's own files and Swagger UI's are: beside the project here, and in the function's package on Lambda. */
const files = {
  'swagger-ui.js': ['node_modules/swagger-ui-dist/swagger-ui-bundle.js', 'text/javascript'],
  'swagger-ui.css': ['node_modules/swagger-ui-dist/swagger-ui.css', 'text/css'],
  'docs.js': ['lib/docs/docs.js', 'text/javascript'],
  'docs.css': ['lib/docs/docs.css', 'text/css'],
} as const;

export const assetNames = Object.keys(files) as (keyof typeof files)[];

/** A file of the docs page and its media type. */
export function readAsset(name: keyof typeof files): { mediaType: string; body: string } {
  const [file, mediaType] = files[name];
  return { mediaType, body: readFileSync(file, 'utf8') };
}
