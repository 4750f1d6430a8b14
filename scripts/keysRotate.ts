import { Parameters } from '../deploy/parameters.ts';
import { copyPublicKeys, placePublicKeys } from '../deploy/publicKeys.ts';
import { rotated, TooEarly, UnknownKey, withdrawn } from '../deploy/secrets.ts';
import { readService } from '../lib/openapi/routes.ts';
import { InputError } from '../local/inputError.ts';
import { runCommand, tableOf, useDeployedStage } from '../local/stage.ts';

const names = ['public-keys', 'signing-keys', 'otp-secrets'] as const;
type Keys = Record<(typeof names)[number], string>;

/** Moves the keys of a stage one step on, or with `--withdraw <kid>` takes one signing key back. */
async function run(): Promise<void> {
  const { stage, region, withdraw } = await useDeployedStage('withdraw');
  const parameters = new Parameters(readService().service, stage, region);
  const [publicKeys, signingKeys, otpSecrets] = await Promise.all(names.map((name) => parameters.read(name)));
  if (!publicKeys || !signingKeys || !otpSecrets) {
    throw new InputError(
      `The stage ${stage} has no secrets yet; make them with npm run stage:prepare -- --stage ${stage}.`,
    );
  }
  const before = { 'public-keys': publicKeys, 'signing-keys': signingKeys, 'otp-secrets': otpSecrets };
  const after = changed(before, withdraw);
  const table = { tableName: tableOf(stage), region };
  // The table goes first, and what signs last. A rotation that stops in between has published a key
  // that never signs. A withdrawal has taken the key from verifiers, and its repetition still finds
  // the key in SSM.
  if (after['public-keys'] !== publicKeys) await placePublicKeys(after['public-keys'], table);
  for (const name of names) {
    if (after[name] === before[name]) continue;
    await parameters.replace(name, after[name]);
    process.stdout.write(`${parameters.nameOf(name)} moved on\n`);
  }
  // A deployment at the same time may have copied the keys of before.
  await copyPublicKeys(parameters, table);
  process.stdout.write(
    withdraw === undefined
      ? 'Functions see it within five minutes. The next rotation can follow in ten.\n'
      : `Functions accept ${withdraw} for up to five minutes more. Customers whose tokens it signed have to sign in again.\n`,
  );
}

function changed(before: Keys, withdraw: string | undefined): Keys {
  const nowSeconds = Math.floor(Date.now() / 1000);
  try {
    return withdraw === undefined
      ? rotated(before, nowSeconds)
      : { ...before, ...withdrawn(before, withdraw, nowSeconds) };
  } catch (error) {
    if (error instanceof TooEarly || error instanceof UnknownKey) throw new InputError(error.message);
    throw error;
  }
}

await runCommand(run);
