import { ensureLogRole } from '../deploy/logRole.ts';
import { Parameters } from '../deploy/parameters.ts';
import { makeSecrets, publish, readSigningKeys } from '../deploy/secrets.ts';
import type { SecretName } from '../lib/aws/secrets.ts';
import { paramOf, readService } from '../lib/openapi/routes.ts';
import { InputError } from '../local/inputError.ts';
import { runCommand, useDeployedStage } from '../local/stage.ts';

/** Creates the missing secrets of a stage, and the account's role for access logs. */
async function run(): Promise<void> {
  const { stage, region, 'high-throughput': isFast = false } = await useDeployedStage('high-throughput');
  const parameters = new Parameters(readService().service, stage, region);
  const fresh = makeSecrets();
  const signingKeys = await parameters.read('signing-keys');
  if (signingKeys === undefined && (await parameters.read('public-keys')) !== undefined) {
    throw new InputError(
      `${parameters.nameOf('public-keys')} is there without its signing keys. Restore those, or delete it to start with new keys.`,
    );
  }
  // The public halves go last, so that published keys always have their private halves.
  const signing = signingKeys ?? (await placed('signing-keys', fresh['signing-keys']));
  await placed('public-keys', publish(readSigningKeys(signing), Math.floor(Date.now() / 1000)));
  await placed('otp-secrets', fresh['otp-secrets']);
  await placed('health-key', fresh['health-key']);
  if (signingKeys !== undefined) print(parameters.nameOf('signing-keys'), 'is there already');
  if (paramOf(stage, 'accessLog') === true) {
    const { arn, isNew } = await ensureLogRole(region);
    print(arn, isNew ? 'created, for the access logs of this account' : 'is there already');
  }
  if (isFast) await parameters.raiseThroughput();
  process.stdout.write(
    isFast
      ? 'SSM of this account and region allows 10,000 reads a second now, and charges 0.05 USD for 10,000 of them.\n'
      : 'SSM allows 40 reads a second for all stages of an account; --high-throughput raises that, for a charge.\n',
  );
  process.stdout.write(`The stage ${stage} can be deployed in ${region}.\n`);

  /** Creates the parameter if it is missing. Returns its value. */
  async function placed(secret: SecretName, value: string): Promise<string> {
    const isNew = await parameters.create(secret, value);
    print(parameters.nameOf(secret), isNew ? 'created' : 'is there already');
    return isNew ? value : ((await parameters.read(secret)) ?? value);
  }
}

function print(name: string, outcome: string): void {
  process.stdout.write(`${name.padEnd(48)} ${outcome}\n`);
}

await runCommand(run);
