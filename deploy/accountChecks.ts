import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSMSAttributesCommand, GetSMSSandboxAccountStatusCommand, SNSClient } from '@aws-sdk/client-sns';
import { type SecretName, secretNames } from '../lib/aws/secrets.ts';
import { paramOf, readService } from '../lib/openapi/routes.ts';
import { countries } from '../seed/countries.ts';
import { explainAwsError, isForbidden } from './awsErrors.ts';
import { checkEmailSender } from './emailChecks.ts';
import { Parameters } from './parameters.ts';

export interface Finding {
  /** `fail` keeps customers from logging in. */
  outcome: 'ok' | 'warn' | 'fail';
  sentence: string;
}

interface Target {
  stage: string;
  region: string;
}

/**
 * Countries in which AWS delivers no message without a registered sender ID.
 * @see https://docs.aws.amazon.com/sms-voice/latest/userguide/registrations-country.html
 */
const registering = ['AE', 'EG', 'JO', 'KW', 'QA', 'SA'];

/** A new account may spend this on SMS in a month. */
const initialSpendUsd = 1;
/** Below this, the functions of one busy minute use up the account's concurrency. */
const enoughConcurrency = 100;
/** `reserveConcurrency` needs this. */
const reservableConcurrency = 300;

const ok = (sentence: string): Finding => ({ outcome: 'ok', sentence });
const warn = (sentence: string): Finding => ({ outcome: 'warn', sentence });
const fail = (sentence: string): Finding => ({ outcome: 'fail', sentence });

const checks: ((target: Target) => Promise<Finding>)[] = [
  checkSandbox,
  checkSpend,
  checkSenderId,
  ({ stage, region }) => checkEmailSender(String(paramOf(stage, 'emailSender') ?? ''), region),
  checkConcurrency,
  checkThroughput,
  checkLogRole,
  checkSecrets,
];

/** Asks an account whether a stage can serve customers in it. It changes nothing. */
export async function checkAccount(target: Target): Promise<Finding[]> {
  return Promise.all(
    checks.map((check) =>
      check(target).catch((error) => {
        // Some regions lack an action.
        if (!isUnchecked(error)) throw error;
        return warn(`Something could not be checked. ${explainAwsError(error) ?? error.message}`);
      }),
    ),
  );
}

function isUnchecked(error: Error): boolean {
  const unchecked = ['InvalidAction', 'UnknownOperationException', 'SesAccessDeniedException'];
  return unchecked.includes(error.name) || isForbidden(error);
}

async function checkSandbox({ region }: Target): Promise<Finding> {
  const { IsInSandbox } = await new SNSClient({ region }).send(new GetSMSSandboxAccountStatusCommand({}));
  return IsInSandbox
    ? fail(
        `SNS is in the SMS sandbox in ${region}, so only verified numbers get codes. Leave it: SNS console, Text messaging, "Exit SMS sandbox".`,
      )
    : ok(`SNS sends SMS to every number in ${region}.`);
}

async function checkSpend({ stage, region }: Target): Promise<Finding> {
  const command = new GetSMSAttributesCommand({ attributes: ['MonthlySpendLimit'] });
  const { attributes } = await new SNSClient({ region }).send(command);
  const limitUsd = Number(attributes?.MonthlySpendLimit ?? initialSpendUsd);
  if (limitUsd <= initialSpendUsd) {
    return fail(
      `SMS may cost ${limitUsd} USD a month, which a few codes use up. Request more in Service Quotas, "Account spend threshold" of SNS, then set it in the SNS console.`,
    );
  }
  const alarmUsd = Number(paramOf(stage, 'smsSpendAlarmUsd'));
  return limitUsd < alarmUsd
    ? warn(
        `SMS may cost ${limitUsd} USD a month, below the alarm at ${alarmUsd} USD. Lower the param smsSpendAlarmUsd.`,
      )
    : ok(`SMS may cost ${limitUsd} USD a month.`);
}

async function checkSenderId({ stage }: Target): Promise<Finding> {
  const senderId = String(paramOf(stage, 'smsSenderId') ?? '');
  const codes = countries
    .flatMap(({ code, active }) => (active && registering.includes(code) ? [code] : []))
    .join(', ');
  if (!codes) return ok('No country of the shop demands a registered sender ID.');
  return senderId
    ? warn(
        `SNS cannot tell whether the sender ID "${senderId}" is registered in ${codes}. Look it up in AWS End User Messaging, "Registrations".`,
      )
    : fail(
        `The stage has no sender ID, which ${codes} demand. Register one in AWS End User Messaging, then set the param smsSenderId.`,
      );
}

async function checkConcurrency({ stage, region }: Target): Promise<Finding> {
  const { AccountLimit } = await new LambdaClient({ region }).send(new GetAccountSettingsCommand({}));
  const limit = AccountLimit?.ConcurrentExecutions ?? 0;
  const request = 'Request 1,000 in Service Quotas, "Concurrent executions" of Lambda.';
  if (String(paramOf(stage, 'reserveConcurrency')) === 'true' && limit < reservableConcurrency) {
    return fail(
      `Lambda runs ${limit} functions at a time, and reserveConcurrency needs ${reservableConcurrency}. ${request}`,
    );
  }
  return limit < enoughConcurrency
    ? warn(`Lambda runs ${limit} functions at a time, so a few customers at once get 429 or 5xx. ${request}`)
    : ok(`Lambda runs ${limit} functions at a time.`);
}

async function checkThroughput({ stage, region }: Target): Promise<Finding> {
  const isHigh = await new Parameters(readService().service, stage, region).hasHighThroughput();
  return isHigh
    ? ok('SSM allows up to 10,000 reads a second.')
    : warn(
        'SSM allows 40 reads a second for all stages of the account. npm run stage:prepare -- --high-throughput raises that.',
      );
}

async function checkLogRole({ stage, region }: Target): Promise<Finding> {
  if (String(paramOf(stage, 'accessLog')) !== 'true')
    return ok('The stage has no access log, so it needs no role for one.');
  const { cloudwatchRoleArn } = await new APIGatewayClient({ region }).send(new GetAccountCommand({}));
  return cloudwatchRoleArn
    ? ok(`API Gateway logs as ${cloudwatchRoleArn}.`)
    : fail(
        `API Gateway has no role for logs, so the stage cannot be deployed. Run npm run stage:prepare -- --stage ${stage}.`,
      );
}

async function checkSecrets({ stage, region }: Target): Promise<Finding> {
  const parameters = new Parameters(readService().service, stage, region);
  const present = await Promise.all(secretNames.map((name) => parameters.exists(name)));
  const missing = secretNames.filter((_: SecretName, index) => !present[index]);
  return missing.length === 0
    ? ok('The stage has its secrets.')
    : fail(
        `SSM lacks ${missing.map((name) => parameters.nameOf(name)).join(', ')}. Run npm run stage:prepare -- --stage ${stage}.`,
      );
}
