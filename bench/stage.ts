import { placePublicKeys } from '../deploy/publicKeys.ts';
import { makeSecrets } from '../deploy/secrets.ts';
import { startTestEngine } from '../lib/testing/stage/engine.ts';
import { stageEnvironment } from '../lib/testing/stage/environment.ts';
import { type Sandbox, startSandbox } from '../local/sandbox/server.ts';
import { createTable } from '../local/table.ts';
import { loadSeed } from '../seed/load.ts';

/**
 * Cached data stays valid on slow machines, and limits do not stop thousands of sign-ins within
 * minutes.
 */
const limits = {
  SEED_CACHE_SECONDS: '86400',
  OTP_COOL_DOWNS_SECONDS: '0',
  OTP_SENDS_PER_PREFIX_PER_DAY: '1000000',
  WRONG_CODES_PER_ADDRESS_PER_HOUR: '1000000',
  OTP_SENDS_PER_COUNTRY_PER_DAY: '1000000',
  OTP_SENDS_PER_STAGE_PER_DAY: '1000000',
};

/**
 * Starts a seeded stage for one measurement, for the functions of this process and its children.
 */
export async function startStage(): Promise<{ sandbox: Sandbox; stop: () => Promise<void> }> {
  const engine = await startTestEngine();
  const secrets = makeSecrets();
  const sandbox = await startSandbox({ port: 0, secrets });
  Object.assign(process.env, stageEnvironment('bench', engine.endpoint, sandbox), limits);
  await createTable(engine.endpoint, 'bench');
  await placePublicKeys(secrets['public-keys'], { tableName: 'bench', endpoint: engine.endpoint });
  await loadSeed();
  const stop = async () => {
    await sandbox.stop();
    engine.stop();
  };
  return { sandbox, stop };
}
