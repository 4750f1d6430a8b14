import { Logger } from '@aws-lambda-powertools/logger';
import { ConfigurationError } from './config/env.ts';

let shared: Logger | undefined;

/**
 * Returns the logger, which writes one line of JSON for each event. Never log a phone, an OTP, a
 * token or a body.
 */
export function logger(): Logger {
  shared ??= new Logger();
  return shared;
}

/**
 * Returns the parts of an error that may be logged: its name and stack frames. Messages of
 * libraries and of AWS may quote phones and other values. A {@link ConfigurationError} quotes none.
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
