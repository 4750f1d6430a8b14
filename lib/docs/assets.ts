import { readFileSync } from 'node:fs';
import swaggerUi from 'swagger-ui-dist/package.json' with { type: 'json' };

/** Adds the version to a file name of Swagger UI, so that browsers can cache it for ever. */
export const addVersion = (name: 'swagger-ui.js' | 'swagger-ui.css') =>
  name.replace('swagger-ui', `swagger-ui-${swaggerUi.version}`);

interface File {
  /** Path in the project, and in the package of the function. */
  path: string;
  mediaType: string;
}

const script = { path: 'node_modules/swagger-ui-dist/swagger-ui-bundle.js', mediaType: 'text/javascript' };
const style = { path: 'node_modules/swagger-ui-dist/swagger-ui.css', mediaType: 'text/css' };

const files = new Map<string, File>([
  [addVersion('swagger-ui.js'), script],
  [addVersion('swagger-ui.css'), style],
  ['swagger-ui.js', script],
  ['swagger-ui.css', style],
  ['docs.js', { path: 'lib/docs/docs.js', mediaType: 'text/javascript' }],
  ['samples.js', { path: 'lib/docs/samples.js', mediaType: 'text/javascript' }],
  ['docs.css', { path: 'lib/docs/docs.css', mediaType: 'text/css' }],
]);

export const assetNames = [...files.keys()];

/** Reads a file of the docs page. A file with a version in its name is immutable. */
export function readAsset(name: string): { mediaType: string; body: string; isImmutable: boolean } | undefined {
  const file = files.get(name);
  if (!file) return undefined;
  return { mediaType: file.mediaType, body: readFileSync(file.path, 'utf8'), isImmutable: /\d/.test(name) };
}
