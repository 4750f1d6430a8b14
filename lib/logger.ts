import { config } from './config/config.ts';
import { ConfigurationError } from './config/env.ts';

type Level = 'INFO' | 'WARN' | 'ERROR';

/**
 * Writes one line of JSON for each event, which CloudWatch can search by its fields. Never log a
 * phone, an OTP, a token or a body.
 */
function write(level: Level, event: string, fields: object = {}): void {
  if (config.isLogSilent) return;
  const line = { level, message: event, timestamp: new Date(), service: config.stackName, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export const logger = {
  info: (event: string, fields?: object) => write('INFO', event, fields),
  warn: (event: string, fields?: object) => write('WARN', event, fields),
  error: (event: string, fields?: object) => write('ERROR', event, fields),
};

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
