import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Returns a port that no process listens on. Linux never gives a port of this range to an outgoing
 * connection, so the port stays free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
