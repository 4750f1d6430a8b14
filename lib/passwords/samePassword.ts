import { passwordKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { countLoginAttempt } from './loginAttempts.ts';
import { matchesHash } from './passwordHash.ts';
import { Password } from './passwordRepository.ts';

/**
 * Returns whether the password of a repeated request is the customer's current one. An idempotency
 * record cannot tell, because it holds no hash of a password. A comparison counts as a login, so
 * that it does not help to guess.
 * @throws limitExceeded
 */
export async function isSamePassword(customerId: number, password: string, network: string): Promise<boolean> {
  const [attempt, [stored]] = await Promise.all([
    countLoginAttempt(`customer ${customerId}`, network),
    readAll([{ key: passwordKey(customerId), as: Password }]),
  ]);
  const isSame = await matchesHash(password, stored?.hash);
  if (isSame) await attempt.undo();
  return isSame;
}
