import type { Contender } from './login.ts';

export function startBetterAuth(): Promise<Contender>;
