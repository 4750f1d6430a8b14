import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { upgrade } from '@scalar/openapi-upgrader';
import { readRoutes, readService } from '../../lib/openapi/routes.ts';
import { file } from '../../lib/testing/fixtures/forms.ts';
import { png } from '../../lib/testing/fixtures/images.ts';
import { type OpenApi, parseApiDocument } from '../../lib/testing/openapi/apiDocument.ts';
import { testConformance } from '../../lib/testing/openapi/conformance.ts';
import type { Good } from '../../lib/testing/openapi/describedRequest.ts';
import { callsOf } from '../../lib/testing/openapi/documentedCalls.ts';
import { type BeyondSchema, codeOfText } from '../../lib/testing/openapi/rejections.ts';
import { cheapPasswords } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';

/** Swagger's published Petstore document, in OpenAPI 2. */
const source = createRequire(import.meta.url).resolve('@readme/oas-examples/2.0/json/petstore.json');
const published = upgrade(JSON.parse(readFileSync(source, 'utf8')), '3.1') as unknown as OpenApi;

/**
 * Facts that the document omits: schemas of successful responses, further statuses, and operations
 * that only its text restricts to users.
 */
const successes: Record<string, string> = { addPet: 'Pet', updatePet: 'Pet' };
const unnamed: Record<string, number[]> = { updatePetWithForm: [404], uploadFile: [400, 404], loginUser: [429] };
const forUsers = ['logoutUser', 'updateUser', 'deleteUser'];

/**
 * Completes the published document. A response without a schema is an ApiResponse. The document
 * limits order ids to ten, but the service allows more.
 */
function complete(document: OpenApi): OpenApi {
  delete document.paths['/store/order/{orderId}']?.get?.parameters?.[0]?.schema.maximum;
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    const { operationId, responses } = operation;
    if (forUsers.includes(operationId)) operation.security = [{ petstore_auth: [] }];
    if (!('default' in responses)) responses[200] ??= responseOf(successes[operationId] ?? 'ApiResponse');
    const statuses = [...(unnamed[operationId] ?? []), ...(operation.security ? [401] : [])];
    for (const status of statuses) responses[status] ??= {};
    for (const status of Object.keys(responses))
      responses[status] = { ...responseOf('ApiResponse'), ...responses[status] };
  }
  return document;
}

function responseOf(schema: string) {
  return { content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

const folder = import.meta.dirname;
const { apiKeySha256 } = readService(folder).params.local ?? {};
const world = useWorld({
  folder,
  seed: [],
  environment: { API_KEY_SHA256: String(apiKeySha256), OPEN_TO_ALL: 'true' },
});
const api = parseApiDocument(complete(structuredClone(published)));
const calls = callsOf(api, { world, folder });
const { call, operation } = calls;

beforeEach(() => cheapPasswords(world));
beforeAll(furnish);

test('the functions are exactly the published operations', () => {
  const routes = readRoutes(folder).map(({ method, path }) => `${method} ${path}`);
  expect(routes.sort()).toEqual(api.operations.map(({ method, path }) => `${method} ${path}`).sort());
  expect(routes).toHaveLength(20);
});

const headers = { api_key: 'special-key' };
const pet = { id: 7, name: 'rex', photoUrls: [], tags: [{ name: 'good' }], status: 'available' };
const user = { username: 'user1', password: 'secret' };

/** Creates the resources for operations without authentication. */
async function furnish(): Promise<void> {
  await call(operation('placeOrder'), { body: { id: 7 } });
  await call(operation('createUser'), { body: user });
}

let lastId = 1_000;
const newId = () => ++lastId;
const newUser = () => ({ id: newId(), username: `user${lastId}`, password: 'secret' });
const onPet = { path: { petId: 7 } };
/**
 * Values that the document does not specify: free and existing ids and names, and required paths
 * and forms.
 */
const good: Record<string, () => Good | Promise<Good>> = {
  addPet: () => ({ body: { id: newId() }, instead: { tags: pet.tags } }),
  updatePet: () => ({ body: { id: pet.id }, instead: { tags: pet.tags } }),
  getPetById: () => onPet,
  updatePetWithForm: () => ({ ...onPet, instead: { status: 'sold' } }),
  deletePet: () => onPet,
  async uploadFile() {
    const { body } = await call(operation('addPet'), { headers, body: { ...pet, id: newId() } });
    return { path: { petId: body.id }, body: { file: file(png, 'image/png') } };
  },
  findPetsByTags: () => ({ query: { tags: ['good', 'bad'] } }),
  placeOrder: () => ({ body: { id: newId() } }),
  getOrderById: () => ({ path: { orderId: 7 } }),
  async deleteOrder() {
    const { body } = await call(operation('placeOrder'), { body: { id: newId() } });
    return { path: { orderId: body.id } };
  },
  createUser: () => ({ body: newUser() }),
  createUsersWithArrayInput: () => ({ body: [newUser(), newUser()] }),
  createUsersWithListInput: () => ({ body: [newUser()] }),
  loginUser: () => ({ query: user }),
  getUserByName: () => ({ path: { username: user.username } }),
  updateUser: () => ({ path: { username: user.username }, body: user }),
  async deleteUser() {
    const { username, ...rest } = newUser();
    await call(operation('createUser'), { body: { username, ...rest } });
    return { path: { username } };
  },
};

/** Rules that the document omits: uniqueness, existing resources, and required path values. */
const ofUsers = { id: 'min_value', username: 'required unique invalid blank', password: 'blank' };
const inList = Object.fromEntries(Object.entries(ofUsers).map(([field, codes]) => [`*.${field}`, codes]));
const beyondSchema: BeyondSchema = {
  addPet: { id: 'unique min_value', 'tags.*.name': 'invalid' },
  updatePet: { id: 'required', 'tags.*.name': 'invalid' },
  updatePetWithForm: { status: 'invalid_choice' },
  uploadFile: { file: 'required' },
  placeOrder: { id: 'unique min_value' },
  createUser: ofUsers,
  createUsersWithArrayInput: { ...inList, username: 'unique' },
  createUsersWithListInput: { ...inList, username: 'unique' },
  loginUser: { username: 'blank', password: 'blank' },
  updateUser: ofUsers,
};

testConformance(api, calls, {
  async caller() {
    const before = await call(operation('getPetById'), { headers, params: { petId: '7' } });
    if (before.status === 404) await call(operation('addPet'), { headers, body: pet });
    return { headers };
  },
  good: async (operationId) => (await good[operationId]?.()) ?? {},
  async badCredentials(operationId) {
    world.set({ OPEN_TO_ALL: 'false' });
    const needsKey = operationId === 'deletePet' ? 'not_authenticated' : undefined;
    return [
      [{}, 'not_authenticated'],
      [{ api_key: 'other-key' }, 'authentication_failed'],
      [{ Authorization: 'Basic eA==' }, needsKey ?? 'authentication_failed'],
      [{ Authorization: `Bearer eA.${'x'.repeat(43)}` }, needsKey ?? 'token_not_valid'],
    ];
  },
  codeOf: ({ body }) => body.type,
  rejections({ body }) {
    const { type = '', message = '' } = body ?? {};
    if (type !== 'invalid') return [];
    return Array.from(message.matchAll(/(\S+): (.*?)(?= \S+: |$)/g), ([, field, text]) => ({
      field,
      code: codeOfText(text),
    }));
  },
  beyondSchema,
  rejectsPaths: true,
  async renew() {
    await world.renewEngine();
    await furnish();
  },
});
