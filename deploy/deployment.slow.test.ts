import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { publicKeysKey } from '../lib/table/keys.ts';
import { bucketName, type CloudFormation, startCloudFormation } from '../lib/testing/aws/cloudFormation.ts';
import { copyService, type ServiceCopy, type Template } from '../lib/testing/aws/template.ts';
import { startTestEngine } from '../lib/testing/stage/engine.ts';
import { StoredItems } from '../lib/testing/stage/storedItems.ts';
import type { Engine } from '../local/engine.ts';
import { type Sandbox, startSandbox } from '../local/sandbox/server.ts';
import { createTable } from '../local/table.ts';
import { makeSecrets } from './secrets.ts';

/**
 * `npx serverless deploy` and `remove`, with stand-ins for CloudFormation, STS, S3, SSM and
 * DynamoDB.
 */
const secrets = makeSecrets();
let sandbox: Sandbox;
let engine: Engine;
let cloudFormation: CloudFormation;
let service: ServiceCopy;
/** The template of the first deployment. */
let template: Template;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, secrets });
  cloudFormation = await startCloudFormation(sandbox.environment.AWS_ENDPOINT_URL_S3 ?? '');
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  engine = await startTestEngine();
  service = copyService();
});
afterAll(async () => {
  service.delete();
  engine.stop();
  await Promise.all([sandbox.stop(), cloudFormation.stop()]);
});

const serverless = (args: string[], variables: Record<string, string> = {}, copy = service) => {
  const { AWS_ENDPOINT_URL_S3 = '', AWS_ENDPOINT_URL_SSM = '' } = sandbox.environment;
  const endpoints = {
    AWS_ENDPOINT_URL: cloudFormation.url,
    AWS_ENDPOINT_URL_S3,
    AWS_ENDPOINT_URL_SSM,
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
  };
  return copy.serverless(args, { ...endpoints, ...variables, SLS_AWS_MONITORING_FREQUENCY: '50' });
};
const bucket = (stackName: string) => `${sandbox.environment.AWS_ENDPOINT_URL_S3}/${bucketName(stackName, 'Images')}`;
const image = (stackName: string) => `${bucket(stackName)}/images/1/2`;

test('a stage of any name can be deployed, redeployed, and removed with all its data', async () => {
  const stackName = 'customer-backend-qa';
  await createTable(engine.endpoint, stackName);
  const stored = new StoredItems(engine.endpoint, stackName);
  const publicKeys = async () => (await stored.partition(publicKeysKey.pk)).map(({ keys }) => ({ keys }));
  await serverless(['deploy', '--stage', 'qa']);
  expect(await publicKeys()).toEqual([JSON.parse(secrets['public-keys'])]);
  template = service.template();
  expect(cloudFormation.stacks.get(stackName)?.template).toEqual(template);
  // The URL in the outputs leads to the stage in the template.
  expect(template.Resources.ApiGatewayStage?.Properties.StageName).toBe('qa');
  expect(JSON.stringify(template.Outputs.ServiceEndpoint)).toContain('"/qa"');

  await stored.delete(publicKeysKey);
  await serverless(['deploy', '--stage', 'qa', '--package', '.serverless']);
  expect(await publicKeys()).toEqual([JSON.parse(secrets['public-keys'])]);
  stored.close();
  expect([...cloudFormation.stacks.keys()]).toEqual([stackName]);

  await fetch(image(stackName), { method: 'PUT', body: 'x' });
  expect((await fetch(image(stackName))).status).toBe(200);
  await serverless(['remove', '--stage', 'qa']);
  expect([[...cloudFormation.stacks], Object.keys(secrets)]).toEqual([[], []]);
  expect((await fetch(image(stackName))).status).toBe(404);
});

test('another machine can deploy a package, and passes the test numbers and the rollback alarms', async () => {
  const stackName = 'customer-backend-staging';
  Object.assign(secrets, makeSecrets());
  await createTable(engine.endpoint, stackName);
  const numbers = '[{"phone_number": "+201000000000", "otp": "654321", "until": "2099-12-31"}]';
  const folder = 'packages/staging';
  await serverless(['package', '--stage', 'staging', '--package', folder], { TEST_NUMBERS: numbers });
  const packaged = service.pathOf(folder);
  const files = readdirSync(packaged).filter((file) => file.endsWith('.json'));
  for (const file of files) expect(readFileSync(join(packaged, file), 'utf8')).not.toContain('654321');
  const machine = copyService();
  cpSync(packaged, machine.pathOf(folder), { recursive: true });
  rmSync(packaged, { recursive: true });
  const deploy = (TEST_NUMBERS: string) =>
    serverless(['deploy', '--stage', 'staging', '--package', folder], { TEST_NUMBERS }, machine);
  await deploy(numbers);
  const deployed = () => cloudFormation.stacks.get(stackName);
  expect([deployed()?.parameters, deployed()?.rollbackAlarms]).toEqual([{ TestNumbers: numbers }, []]);
  expect(
    deployed()?.template.Resources.AuthSendOtpLambdaFunction?.Properties.Environment.Variables.TEST_NUMBERS,
  ).toEqual({
    Ref: 'TestNumbers',
  });
  await deploy('[]');
  expect([deployed()?.parameters, deployed()?.rollbackAlarms?.length]).toEqual([{ TestNumbers: '[]' }, 2]);
  machine.delete();
  await serverless(['remove', '--stage', 'staging']);
});

test('a stage that protects its data keeps its images and secrets when it is removed', async () => {
  const stackName = 'customer-backend-prod';
  Object.assign(secrets, makeSecrets());
  cloudFormation.stacks.set(stackName, { template, status: 'CREATE_COMPLETE' });
  await fetch(bucket(stackName), { method: 'PUT' });
  await fetch(image(stackName), { method: 'PUT', body: 'x' });
  await serverless(['remove', '--stage', 'prod']);
  expect(cloudFormation.stacks.get(stackName)).toBeUndefined();
  expect((await fetch(image(stackName))).status).toBe(200);
  expect(Object.keys(secrets)).toHaveLength(4);
});

test('the stage local cannot be deployed', async () => {
  const deployment = serverless(['deploy', '--stage', 'local']);
  await expect(deployment).rejects.toThrow('stays on this machine');
  expect(cloudFormation.stacks.size).toBe(0);
});
