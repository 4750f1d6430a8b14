import { restoreTable } from '../deploy/restore.ts';
import { checkClaims, checkWallets, replayErasures } from '../deploy/restoreChecks.ts';
import { findStack } from '../deploy/stack.ts';
import { paramOf, readService } from '../lib/openapi/routes.ts';
import { InputError } from '../local/inputError.ts';
import { runCommand, tableOf, useDeployedStage, useStage } from '../local/stage.ts';

/** Restores a table beside the live one, checks it, replays erasures, and prints how to switch. */
async function run(): Promise<void> {
  const { stage, region, at: text = '' } = await useDeployedStage('at');
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || !/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text)) {
    throw new InputError('Name the time to go back to, such as --at 2026-01-31T09:30:00Z.');
  }
  if (at.getTime() > Date.now()) throw new InputError('The time to go back to is in the future.');
  const live = tableOf(stage);
  const restored = `${readService().service}-${stage}-${at.toISOString().replaceAll(/\D/g, '').slice(0, 14)}`;
  print(`Restoring ${live} as of ${at.toISOString()} as ${restored}. A large table takes hours.`);
  const protectData = String(paramOf(stage, 'protectData')) === 'true';
  const streamArn = await restoreTable({ region, from: live, to: restored, at, protectData });

  await useStage({ stage, region });
  const stack = await findStack(`${readService().service}-${stage}`, region);
  const images = stack?.Outputs?.find(({ OutputKey }) => OutputKey === 'ImagesBucket')?.OutputValue;
  Object.assign(process.env, { TABLE_NAME: restored, ...(images && { IMAGES_BUCKET: images }) });
  const { erased, unexplained } = await replayErasures(live);
  print(`Erased ${erased.length} customers who had been erased since: ${erased.join(', ') || 'none'}.`);
  print(`Brought back ${unexplained.length} customers who are not in ${live}: ${unexplained.join(', ') || 'none'}.`);
  const problems = [...(await checkClaims()), ...(await checkWallets())];
  for (const problem of problems) print(problem);
  print(`Claims and wallets checked: ${problems.length} problems.`);
  if (problems.length > 0) process.exitCode = 1;

  print(
    `To switch, run this once more, so that later erasures are replayed too. Then add to the params of ${stage} in serverless.yml`,
  );
  print(`    tableName: ${restored}`);
  print(`    tableStreamArn: ${streamArn}`);
  print(`and deploy; or, until the next deployment,`);
  print(
    `npx serverless deploy --stage ${stage} --region ${region} --param tableName=${restored} --param tableStreamArn=${streamArn}`,
  );
  print(
    protectData
      ? `The stack lets go of ${live}, which stays; delete it when nobody needs it any more.`
      : `The stack deletes ${live} with that deployment, because the stage does not protect its data.`,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(run);
