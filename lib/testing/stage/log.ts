import { jest } from '@jest/globals';

/** Returns the lines that the functions log while `run` is running. */
export async function logOf(run: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  process.env.LOG_SILENT = 'false';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  const error = jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  try {
    await run();
  } finally {
    write.mockRestore();
    error.mockRestore();
    process.env.LOG_SILENT = 'true';
  }
  return lines.join('').split('\n').filter(Boolean);
}
