import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installFromPypi } from '../lib/testing/aws/pythonTools.ts';
import { copyService } from '../lib/testing/aws/template.ts';

/** Findings that do not apply here, each with the reason. */
const ignored = [
  // The rule expects one log group per function, but all functions share that of the stage.
  'WS1004',
  // The redrive policy of the queue handles failed messages.
  'ES1001 SendBroadcastEventSourceMappingSQSBroadcasts',
  // These queues are the dead-letter queues.
  'ES6000 FailedChanges',
  'ES6000 FailedBroadcasts',
  // SNS retries e-mails itself, and cannot send bounces to a queue.
  'ES7000 AlarmEmail',
  // The next run makes up for a missed one.
  'ES4000 ApplyPhoneChangesEventsRuleSchedule1',
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
