import { jest } from '@jest/globals';
import fc from 'fast-check';
import { checkClaims } from '../../deploy/restoreChecks.ts';
import { history } from '../../lib/testing/people/actions.ts';
import { runHistory } from '../../lib/testing/people/runHistory.ts';
import { cheapPasswords } from '../../lib/testing/stage/signUp.ts';
import { useWorld, type World } from '../../lib/testing/stage/world.ts';

/**
 * PROOF=full runs all histories. PROOF_SEED and PROOF_PATH, which fast-check prints, repeat a
 * failed run. PROOF_HISTORIES sets the number of histories. PROOF_TALLY prints how often each event
 * happened.
 */
const full = process.env.PROOF === 'full';
const seed = Number(process.env.PROOF_SEED ?? 20_261_128);
const path = process.env.PROOF_PATH;
const histories = Number(process.env.PROOF_HISTORIES ?? (full ? 10_000 : 20));
const historiesPerEngine = 40;

if (full) jest.setTimeout(12 * 3_600_000);

const world = useWorld({ seed: ['countries', 'settings'] });

/** Raises the limits, so that they hide no history. */
function raiseLimits(stage: World): void {
  cheapPasswords(stage);
  stage.set({
    ACCESS_TOKEN_SECONDS: '864000',
    OTP_COOL_DOWNS_SECONDS: '0',
    OTP_SENDS_PER_PHONE_PER_HOUR: '24',
    OTP_SENDS_PER_PHONE_PER_DAY: '24',
    OTP_TRIES_PER_CODE: '24',
    OTP_WRONG_TRIES_PER_PHONE_PER_DAY: '24',
    OTP_SENDS_PER_ADDRESS_PER_HOUR: '1000',
    OTP_SENDS_PER_COUNTRY_PER_DAY: '1000000',
    OTP_SENDS_PER_STAGE_PER_DAY: '1000000',
    EMAILS_PER_STAGE_PER_DAY: '1000000',
    EMAIL_CHANGES_PER_DAY: '50',
    PHONE_CHANGE_REQUESTS_PER_DAY: '50',
    LOGIN_FAILURES_BEFORE_WAIT: '1000',
    FAILED_LOGINS_PER_ACCOUNT_PER_HOUR: '1000',
    PASSWORD_REQUESTS_PER_ADDRESS_PER_HOUR: '1000',
  });
}

test(`two people who share phones over time enter only their own accounts, in ${histories} histories (PROOF_SEED=${seed})`, async () => {
  const tally = new Map<string, number>();
  let run = 0;
  const property = fc.asyncProperty(history, async (steps) => {
    run += 1;
    if (run % historiesPerEngine === 0) {
      expect(await checkClaims()).toEqual([]);
      await world.renewEngine();
    }
    raiseLimits(world);
    await runHistory(world, steps, tally);
    world.reset();
  });
  await fc.assert(property, { numRuns: histories, seed, endOnFailure: true, ...(path && { path }) });
  expect(await checkClaims()).toEqual([]);
  if (process.env.PROOF_TALLY) process.stderr.write(`${JSON.stringify(Object.fromEntries(tally), null, 1)}\n`);
});
