import { Parameters } from '../deploy/parameters.ts';
import { rotated, TooEarly } from '../deploy/secrets.ts';
import { readService } from '../lib/http/routes.ts';
import { runCommand, useDeployedStage } from '../local/stage.ts';
import { Refusal } from '../seed/refusal.ts';

const names = ['public-keys', 'signing-keys', 'otp-secrets'] as const;

/** Moves the keys of a stage one step on: next becomes current, current becomes previous. */
async function run(): Promise<void> {
  const { stage, region } = useDeployedStage();
  const parameters = new Parameters(readService().service, stage, region);
  const [publicKeys, signingKeys, otpSecrets] = await Promise.all(names.map((name) => parameters.read(name)));
  if (!publicKeys || !signingKeys || !otpSecrets) {
    throw new Refusal(
      `The stage ${stage} has no secrets yet; make them with npm run stage:prepare -- --stage ${stage}.`,
    );
  }
  const before = { 'public-keys': publicKeys, 'signing-keys': signingKeys, 'otp-secrets': otpSecrets };
  const after = oneStepOn(before);
  // In this order: whoever stops in between has published a key that never signs, and nothing else.
  for (const name of names) {
    await parameters.replace(name, after[name]);
    process.stdout.write(`${parameters.nameOf(name)} moved on\n`);
  }
  process.stdout.write('Functions see it within five minutes. The next rotation can follow in ten.\n');
}

function oneStepOn(before: Record<(typeof names)[number], string>) {
  try {
    return rotated(before, Math.floor(Date.now() / 1000));
  } catch (error) {
    if (error instanceof TooEarly) throw new Refusal(error.message);
    throw error;
  }
}

await runCommand(run);
