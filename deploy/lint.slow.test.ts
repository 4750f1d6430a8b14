import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installFromPypi } from '../lib/testing/aws/pythonTools.ts';
import { copyService } from '../lib/testing/aws/template.ts';

/** Findings that are wrong here, each with the reason. */
const ignored = [
  // The rule looks for a log group of each function; all write to the one of the stage.
  'WS1004',
  // Failed messages of a queue go where its own redrive policy sends them.
  'ES1001 SendBroadcastEventSourceMappingSQSBroadcasts',
  // The last stop of failed messages has no further one.
  'ES6000 FailedChanges',
  'ES6000 FailedBroadcasts',
  // SNS repeats an e-mail for weeks by itself, and has no queue for those that bounce.
  'ES7000 AlarmEmail',
];

const everyParam = {
  alarmEmail: 'alarms@example.com',
  domainName: 'api.example.com',
  certificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012',
  pushAndroidApplication: 'arn:aws:sns:eu-central-1:111122223333:app/GCM/shop',
  pushIosApplication: 'arn:aws:sns:eu-central-1:111122223333:app/APNS/shop',
};

const tools = await installFromPypi('cfn-lint==1.58.0', 'cfn-lint-serverless==0.3.6');
const whenInstalled = tools ? test : test.skip;

async function lint(file: string): Promise<string[]> {
  const args = ['--append-rules', 'cfn_lint_serverless.rules', '--format', 'json', '--template', file];
  const { stdout } = await promisify(execFile)(join(tools ?? '', 'cfn-lint'), args).catch((error) => error);
  const findings: { Rule: { Id: string }; Message: string }[] = JSON.parse(stdout || '[]');
  return findings.map(({ Rule, Message }) => `${Rule.Id} ${Message}`).filter((finding) => !isIgnored(finding));
}

function isIgnored(finding: string): boolean {
  return ignored.some((name) => name.split(' ').every((word) => finding.includes(word)));
}

whenInstalled('cfn-lint finds nothing in the template of a stage that has every part', async () => {
  const copy = copyService();
  try {
    const params = Object.entries(everyParam).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
    await copy.serverless(['package', '--stage', 'prod', ...params]);
    expect(await lint(copy.templateFile)).toEqual([]);
  } finally {
    copy.delete();
  }
});
