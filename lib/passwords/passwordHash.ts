import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import { config } from '../config/config.ts';

/** The cost of a hash: memory in KiB, passes over the memory, and lanes. */
const Cost = z.object({ m: z.int(), t: z.int(), p: z.int() });
type Cost = z.infer<typeof Cost>;

const saltBytes = 16;
const hashBytes = 32;
/** The minimum of Argon2 for one lane. */
const leastMemoryKib = 8;
const derive = promisify(argon2);

/**
 * Returns an Argon2id hash at the configured cost: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`,
 * in base64 without padding.
 * @see https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  return formatHash(currentCost(), salt, await run(password, salt, currentCost()));
}

/**
 * Returns whether a password matches a stored hash. If there is no hash, or a cheaper one, the
 * comparison takes as long, so that timing does not tell whether there is an account.
 */
export async function matchesHash(password: string, stored: string | undefined): Promise<boolean> {
  const { cost, salt, hash } = stored ? parseHash(stored) : makePlaceholder();
  const isSame = timingSafeEqual(await run(password, salt, cost), hash);
  const missing = workOf(currentCost()) - workOf(cost);
  if (missing >= leastMemoryKib) {
    const m = Math.min(missing, cost.m);
    await run(password, salt, { m, t: Math.round(missing / m), p: 1 });
  }
  return isSame && stored !== undefined;
}

export function isOutdated(stored: string): boolean {
  return costText(parseHash(stored).cost) !== costText(currentCost());
}

function run(password: string, nonce: Buffer, { m: memory, t: passes, p: parallelism }: Cost): Promise<Buffer> {
  return derive('argon2id', { message: password, nonce, memory, passes, parallelism, tagLength: hashBytes });
}

/** Returns the work of a hash, which its time is proportional to. */
function workOf({ m, t }: Cost): number {
  return m * t;
}

function currentCost(): Cost {
  return { m: config.passwordMemoryKib, t: config.passwordPasses, p: 1 };
}

/** Returns the hash to compare with if an account has no password. */
function makePlaceholder() {
  return { cost: currentCost(), salt: Buffer.alloc(saltBytes), hash: Buffer.alloc(hashBytes) };
}

function costText({ m, t, p }: Cost): string {
  return `m=${m},t=${t},p=${p}`;
}

function formatHash(cost: Cost, salt: Buffer, hash: Buffer): string {
  const [shownSalt, shownHash] = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$argon2id$v=19$${costText(cost)}$${shownSalt}$${shownHash}`;
}

function parseHash(stored: string) {
  const [, , , costs = '', salt = '', hash = ''] = stored.split('$');
  const cost = Cost.parse(Object.fromEntries(costs.split(',').map((part) => [part[0], Number(part.slice(2))])));
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}
