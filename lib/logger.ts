import { Logger } from '@aws-lambda-powertools/logger';
import { ConfigurationError } from './config/env.ts';

let shared: Logger | undefined;

/** The one logger: a line of JSON an event, with the service that POWERTOOLS_SERVICE_NAME names. Never hand it a phone, a code, a token or a body. */
export function logger(): Logger {
  shared ??= new Logger();
  return shared;
}

/**
 * An error as it may stand in a log. Messages of libraries and of AWS quote phones and values, so only names, codes
 * and stack frames are kept; our own configuration errors show no values.
 */
export function loggable(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  return {
    name: error.name,
    ...(error instanceof ConfigurationError && { message: error.message }),
    frames: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8),
    ...(error.cause instanceof Error && { cause: loggable(error.cause) }),
  };
}
