import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders } from 'node:http';

const caller = new AsyncLocalStorage<string>();
const header = 'x-function';

const caches = ['SECRETS_CACHE_SECONDS', 'SEED_CACHE_SECONDS'] as const;
const startedFunctions = new Set<string>();
let coldStarts = 0;
let cacheSettings: Partial<Record<string, string>> = {};

/**
 * Runs a function of serverless.yml, and tags every request to AWS with its name. Functions of one
 * test file share their caches, unlike deployed ones. Therefore the first run of each function
 * skips the caches, and shows every permission that it needs.
 */
export async function runAs<T>(functionName: string, run: () => Promise<T>): Promise<T> {
  if (startedFunctions.has(functionName)) return caller.run(functionName, run);
  startedFunctions.add(functionName);
  if (coldStarts === 0) cacheSettings = Object.fromEntries(caches.map((name) => [name, process.env[name]]));
  coldStarts += 1;
  for (const name of caches) process.env[name] = '0';
  try {
    return await caller.run(functionName, run);
  } finally {
    coldStarts -= 1;
    if (coldStarts === 0) restoreCaches();
  }
}

function restoreCaches(): void {
  for (const name of caches) {
    const value = cacheSettings[name];
    // An assignment would store the text `undefined`.
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** Returns the function that made a request, or undefined when the test itself made it. */
export const callerOf = (headers: IncomingHttpHeaders): string | undefined => headers[header]?.toString();

/** A request of `node:http` or `fetch` before it is sent. */
interface UnsentRequest {
  request: { setHeader: (name: string, value: string) => void } | { addHeader: (name: string, value: string) => void };
}

/**
 * Node.js publishes on both channels in the asynchronous context of the code that makes the
 * request.
 */
const channels = ['http.client.request.created', 'undici:request:create'];

function tagRequest(message: unknown): void {
  const functionName = caller.getStore();
  const { request } = message as UnsentRequest;
  if (!functionName) return;
  if ('setHeader' in request) request.setHeader(header, functionName);
  else request.addHeader(header, functionName);
}

/** Tags requests with their function from now on. Returns a function that stops the tagging. */
export function tagRequests(): () => void {
  for (const channel of channels) subscribe(channel, tagRequest);
  return () => {
    for (const channel of channels) unsubscribe(channel, tagRequest);
  };
}

/** Returns the permissions that a DynamoDB call needs. A transaction needs one for each write. */
export function dynamoDbActions(operation: string, body: string): string[] {
  if (operation !== 'TransactWriteItems') return [`dynamodb:${operation}`];
  const { TransactItems } = JSON.parse(body) as { TransactItems: object[] };
  return TransactItems.flatMap((item) => Object.keys(item)).map((kind) => `dynamodb:${inTransaction[kind]}`);
}

const inTransaction: Record<string, string> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

interface SandboxRequest {
  method: string;
  path: string;
  target: string | undefined;
  body: string;
}

const lastPart = (name = '') => name.slice(name.lastIndexOf('/') + 1);

/**
 * Returns the permission that a request to the sandbox needs. The target follows if permissions
 * differ by target: `ssm:GetParameter signing-keys`.
 */
export function sandboxAction({ method, path, target = '', body }: SandboxRequest): string {
  const [, service] = path.split('/');
  const action = target.split('.').at(-1);
  switch (service) {
    case 'sns': {
      const query = new URLSearchParams(body);
      const isSms = query.has('PhoneNumber');
      return query.get('Action') === 'Publish'
        ? `sns:Publish ${isSms ? 'phone' : 'endpoint'}`
        : `sns:${query.get('Action')}`;
    }
    case 'ses':
      return 'ses:SendEmail';
    case 'ssm':
      return `ssm:${action} ${lastPart(JSON.parse(body).Name)}`;
    case 'sqs':
      return `sqs:${action?.replace('Batch', '')} ${lastPart(JSON.parse(body).QueueUrl)}`;
    default:
      return `s3:${({ PUT: 'PutObject', DELETE: 'DeleteObject', POST: 'DeleteObject', GET: 'ListBucket' } as Record<string, string>)[method] ?? method}`;
  }
}
