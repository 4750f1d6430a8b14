import type { Contender } from './loginSteps.ts';

export function startInMemory(): Promise<Contender>;
export function startOnPostgres(socketFolder: string): Promise<{ contender: Contender; stop: () => Promise<void> }>;
