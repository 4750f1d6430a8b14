import { readdirSync, readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Operation } from '../http/internalFunction.ts';
import { useWorld } from '../testing/stage/world.ts';
import { buildOpenApi, loadEndpoint } from './openapi.ts';
import { project, readFunctions, readRoutes } from './routes.ts';

interface GatewayResponse {
  ResponseType: string;
  StatusCode: string;
  ResponseParameters: Record<string, string>;
  ResponseTemplates: Record<string, string>;
}

useWorld();

const root = new URL('../../', import.meta.url);
const filesIn = (folder: string, ending: string) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -ending.length))
    .sort();

const files = filesIn('functions', '.ts');
const functions = readFunctions();
const longestStage = 's'.repeat(13);

test('every file in functions/ is one function of serverless.yml and has one sample event', () => {
  expect(functions.map(({ file }) => file.replace(/^functions\//, '')).sort()).toEqual(files);
  expect(filesIn('events', '.json')).toEqual(files);
});

test.each([...functions, ...readFunctions(`${project}/examples/petstore`)])(
  'the key of $functionName is its folder and its file, or only its file if it has no route',
  ({ functionName, file }) => {
    const [, ...path] = file.split('/');
    const [first, ...others] = path.filter((word) => !['operators', 'workers'].includes(word));
    const capitalized = others.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
    expect(functionName).toBe([first, ...capitalized].join(''));
    expect(`customer-backend-${longestStage}-${functionName}`.length).toBeLessThanOrEqual(64);
  },
);

test('every route belongs to one function, and API paths end in a slash', () => {
  const routes = readRoutes().map(({ method, path }) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(routes.length);
  for (const { path } of readRoutes())
    if (path.startsWith('/api/')) expect(path.endsWith('/')).toBe(!path.startsWith('/api/customer/'));
});

test('every operation has a unique operationId', async () => {
  const endpoints = await Promise.all(readRoutes().map(({ file }) => loadEndpoint(file)));
  const operations = endpoints.filter(({ contract }) => !contract.produces);
  const names = operations.map(({ contract }) => contract.operationId);
  expect(names).not.toContain(undefined);
  expect(new Set(names).size).toBe(names.length);
});

test.each(readRoutes())('$method $path declares exactly the parameters of its path', async ({ file, path }) => {
  const { contract } = await loadEndpoint(file);
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
  expect(Object.keys(contract.params?.shape ?? {}).sort()).toEqual(inPath.sort());
});

test.each(functions.filter(({ file }) => file.startsWith('functions/operators/')))(
  'the sample event of $functionName is valid input',
  async ({ file }) => {
    const { handler } = (await import(new URL(`${file}.ts`, root).href)) as { handler: Operation };
    const sample = new URL(`${file.replace(/^functions/, 'events')}.json`, root);
    await handler.contract.input.parseAsync(JSON.parse(readFileSync(sample, 'utf8')));
  },
);

test.each(functions.filter(({ file }) => !/^functions\/(workers|operators)\//.test(file)))(
  'the sample event of $functionName is a valid request',
  async ({ file }) => {
    const { contract } = await loadEndpoint(file);
    const sample = new URL(`${file.replace(/^functions/, 'events')}.json`, root);
    const event = JSON.parse(readFileSync(sample, 'utf8')) as APIGatewayProxyEvent;
    const route = readRoutes().find((candidate) => candidate.file === file);
    if (route) expect([event.httpMethod, event.resource]).toEqual([route.method, route.resource]);
    if (contract.body) await contract.body.parseAsync(JSON.parse(event.body ?? ''));
    else expect(event.body).toBeNull();
    if (contract.auth) expect(event.headers.Authorization).toBe('Bearer ACCESS_TOKEN');
  },
);

test('the 404, 413, 429 and 500 responses of API Gateway have the format of the functions', async () => {
  const { default: gateway } = await import('../../deploy/gateway.cjs');
  const responses = Object.values(gateway.resources.Resources).map(({ Properties }) => Properties as GatewayResponse);
  const byType = new Map(responses.map((response) => [response.ResponseType, response]));
  const codeOf = (type: string) => {
    const response = byType.get(type);
    return [response?.StatusCode, JSON.parse(response?.ResponseTemplates['application/json'] ?? '{}').errors?.[0].code];
  };
  expect(codeOf('MISSING_AUTHENTICATION_TOKEN')).toEqual(['404', 'not_found']);
  expect(codeOf('REQUEST_TOO_LARGE')).toEqual(['413', 'payload_too_large']);
  expect(codeOf('THROTTLED')).toEqual(['429', 'throttled']);
  expect(codeOf('DEFAULT_5XX')).toEqual(['500', 'error']);
  expect(byType.get('THROTTLED')?.ResponseParameters['gatewayresponse.header.retry-after']).toBe("'1'");
});

test('openapi.json is up to date', async () => {
  const committed = JSON.parse(readFileSync(new URL('openapi.json', root), 'utf8'));
  expect(committed).toEqual(await buildOpenApi());
});
