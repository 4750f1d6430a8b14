import { jest } from '@jest/globals';
import { logger } from '../../logger.ts';

/** Returns the lines that the functions log while `run` is running. */
export async function logOf(run: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  logger().setLogLevel('INFO');
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  const error = jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  try {
    await run();
  } finally {
    write.mockRestore();
    error.mockRestore();
    logger().setLogLevel('SILENT');
  }
  return lines.join('').split('\n').filter(Boolean);
}
