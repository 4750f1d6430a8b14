import { bucketName, type CloudFormation, startCloudFormation } from '../lib/testing/cloudFormation.ts';
import { copyService, type ServiceCopy, type Template } from '../lib/testing/template.ts';
import { type Sandbox, startSandbox } from '../local/sandbox/server.ts';
import { makeSecrets } from './secrets.ts';

/**
 * What `npx serverless deploy` and `remove` do, with servers in the place of CloudFormation, STS,
 * S3 and SSM.
 */
const secrets = makeSecrets();
let sandbox: Sandbox;
let cloudFormation: CloudFormation;
let service: ServiceCopy;
/** As it was deployed. */
let template: Template;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, secrets });
  cloudFormation = await startCloudFormation(sandbox.environment.AWS_ENDPOINT_URL_S3 ?? '');
  service = copyService();
});
afterAll(async () => {
  service.delete();
  await Promise.all([sandbox.stop(), cloudFormation.stop()]);
});

const serverless = (...args: string[]) => {
  const { AWS_ENDPOINT_URL_S3 = '', AWS_ENDPOINT_URL_SSM = '' } = sandbox.environment;
  const places = { AWS_ENDPOINT_URL: cloudFormation.url, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SSM };
  return service.serverless(args, { ...places, SLS_AWS_MONITORING_FREQUENCY: '50' });
};
const bucket = (stackName: string) => `${sandbox.environment.AWS_ENDPOINT_URL_S3}/${bucketName(stackName, 'Images')}`;
const image = (stackName: string) => `${bucket(stackName)}/images/1/2`;

test('a stage of any name is deployed, once more, and removed with all that was its own', async () => {
  const stackName = 'customer-backend-qa';
  await serverless('deploy', '--stage', 'qa');
  template = service.template();
  expect(cloudFormation.stacks.get(stackName)?.template).toEqual(template);
  // The address that is told leads to the stage that is made.
  expect(template.Resources.ApiGatewayStage?.Properties.StageName).toBe('qa');
  expect(JSON.stringify(template.Outputs.ServiceEndpoint)).toContain('"/qa"');

  await serverless('deploy', '--stage', 'qa', '--package', '.serverless');
  expect([...cloudFormation.stacks.keys()]).toEqual([stackName]);

  await fetch(image(stackName), { method: 'PUT', body: 'x' });
  expect((await fetch(image(stackName))).status).toBe(200);
  await serverless('remove', '--stage', 'qa');
  expect([[...cloudFormation.stacks], Object.keys(secrets)]).toEqual([[], []]);
  expect((await fetch(image(stackName))).status).toBe(404);
});

test('a stage that protects its data keeps its images and secrets', async () => {
  const stackName = 'customer-backend-prod';
  Object.assign(secrets, makeSecrets());
  cloudFormation.stacks.set(stackName, { template, status: 'CREATE_COMPLETE' });
  await fetch(bucket(stackName), { method: 'PUT' });
  await fetch(image(stackName), { method: 'PUT', body: 'x' });
  await serverless('remove', '--stage', 'prod');
  expect(cloudFormation.stacks.get(stackName)).toBeUndefined();
  expect((await fetch(image(stackName))).status).toBe(200);
  expect(Object.keys(secrets)).toHaveLength(4);
});

test('the stage local is not deployed', async () => {
  const deployment = serverless('deploy', '--stage', 'local');
  await expect(deployment).rejects.toThrow('stays on this machine');
  expect(cloudFormation.stacks.size).toBe(0);
});
