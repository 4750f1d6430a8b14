import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { suppressedEmailKey } from '../table/keys.ts';
import { readAll, write } from '../table/table.ts';

/** An e-mail address that gets no e-mails. Only its hash is stored, in the key. */
const SuppressedEmail = z.object({ reason: z.enum(['bounce', 'complaint']), expiresAtSeconds: z.int() });
type SuppressedEmail = z.infer<typeof SuppressedEmail>;

/** Suppresses e-mails to an address until the suppression expires. */
export async function suppressEmail(email: string, reason: SuppressedEmail['reason']): Promise<void> {
  const item = { reason, expiresAtSeconds: nowSeconds() + config.suppressedEmailSeconds } satisfies SuppressedEmail;
  await write({ kind: 'put', key: suppressedEmailKey(email), item });
}

export async function isSuppressed(email: string): Promise<boolean> {
  const [suppressed] = await readAll([{ key: suppressedEmailKey(email), as: SuppressedEmail }]);
  return suppressed !== undefined;
}
