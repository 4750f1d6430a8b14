export const steps = ['sendCode', 'signUp', 'signIn', 'read', 'refresh'] as const;
export type Step = (typeof steps)[number];

/** An implementation of the steps of a login, for customers with a phone number. */
export type Contender = Record<Step, (phone: string) => Promise<unknown>>;

/** The milliseconds and the CPU milliseconds of each request, by step and contender. */
export type Samples = Map<string, { ms: number; cpuMs: number }[]>;

export const measuredCount = 200;
export const atOnce = [1, 8, 64];

/**
 * The phone of every SMS that is not ours. Ours reads its codes from the SMS of the customer's
 * phone.
 */
export const otherPhone = '+15005550006';
