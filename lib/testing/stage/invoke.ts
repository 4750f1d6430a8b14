import type { Context } from 'aws-lambda';
import { readService } from '../../openapi/routes.ts';
import { runAs } from './calls.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read results of every shape, and a wrong one fails the test
type Handler = (event: unknown, context?: Context) => Promise<any>;

const { functions } = readService();

/** Returns the handler of a function. It tags every call to AWS with the function's name. */
export async function loadFunction(functionName: string): Promise<Handler> {
  const file = functions[functionName]?.handler.replace(/\.handler$/, '.ts');
  const { handler } = (await import(`../../../${file}`)) as { handler: Handler };
  return (event, context) => runAs(functionName, () => handler(event, context));
}

/** Invokes a function without a route, as operators do. */
export async function invoke(functionName: string, event: unknown = {}): ReturnType<Handler> {
  const run = await loadFunction(functionName);
  return run(event);
}
