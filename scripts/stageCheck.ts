import { checkAccount } from '../deploy/accountChecks.ts';
import { runCommand, useDeployedStage } from '../local/stage.ts';

/** Says what the account lacks for a stage, and exits with 1 where customers could not log in. */
async function run(): Promise<void> {
  const { stage, region } = await useDeployedStage();
  const findings = await checkAccount({ stage, region });
  for (const { outcome, sentence } of findings) process.stdout.write(`${outcome.padEnd(5)} ${sentence}\n`);
  if (findings.some(({ outcome }) => outcome === 'fail')) process.exitCode = 1;
}

await runCommand(run);
