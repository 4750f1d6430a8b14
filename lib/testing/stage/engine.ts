import { type Engine, startEngine } from '../../../local/engine.ts';
import { freePort } from './ports.ts';

const attempts = 10;

/** Starts an engine in memory. It tries another port if another process takes the first. */
export async function startTestEngine(): Promise<Engine> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startEngine(await freePort());
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
