import { jest } from '@jest/globals';
import { logger } from '../logger.ts';

/** What the functions write while a story runs, line by line. */
export async function logOf(story: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  logger().setLogLevel('INFO');
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  const error = jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  try {
    await story();
  } finally {
    write.mockRestore();
    error.mockRestore();
    logger().setLogLevel('SILENT');
  }
  return lines.join('').split('\n').filter(Boolean);
}
