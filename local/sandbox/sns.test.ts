import {
  CreatePlatformApplicationCommand,
  CreatePlatformEndpointCommand,
  DeleteEndpointCommand,
  GetEndpointAttributesCommand,
  PublishCommand,
  SetEndpointAttributesCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { makeSecrets } from '../../deploy/secrets.ts';
import { type Sandbox, startSandbox } from './server.ts';

let sandbox: Sandbox;
let sns: SNSClient;
let application: string;

beforeAll(async () => {
  process.env.STAGE = 'local';
  sandbox = await startSandbox({ port: 0, secrets: makeSecrets() });
  sns = new SNSClient({
    endpoint: sandbox.environment.AWS_ENDPOINT_URL_SNS ?? '',
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const command = new CreatePlatformApplicationCommand({ Name: 'test', Platform: 'GCM', Attributes: {} });
  application = (await sns.send(command)).PlatformApplicationArn ?? '';
});
afterAll(() => sandbox.stop());

const create = async (Token: string, more = {}) =>
  (await sns.send(new CreatePlatformEndpointCommand({ PlatformApplicationArn: application, Token, ...more })))
    .EndpointArn ?? '';
const attributesOf = async (EndpointArn: string) =>
  (await sns.send(new GetEndpointAttributesCommand({ EndpointArn }))).Attributes;
const publish = (TargetArn: string, message: object | string) =>
  sns.send(
    new PublishCommand({
      TargetArn,
      MessageStructure: 'json',
      Message: typeof message === 'string' ? message : JSON.stringify(message),
    }),
  );
const error = (name: string, message: string | RegExp) =>
  expect.objectContaining({ name, message: typeof message === 'string' ? message : expect.stringMatching(message) });
const fcm = (message: object) => ({ default: 'x', GCM: JSON.stringify({ fcmV1Message: { message } }) });

test('a token has one endpoint, with the attributes that it was created with', async () => {
  const arn = await create('one', { CustomUserData: 'data' });
  expect(arn).toMatch(/^arn:aws:sns:eu-central-1:\d{12}:endpoint\/GCM\/test\/[0-9a-f-]{36}$/);
  expect(await create('one', { CustomUserData: 'data' })).toBe(arn);
  expect(await attributesOf(arn)).toEqual({ Token: 'one', Enabled: 'true', CustomUserData: 'data' });
  await expect(create('one')).rejects.toEqual(
    error(
      'InvalidParameterException',
      `Invalid parameter: Token Reason: Endpoint ${arn} already exists with the same Token, but different attributes.`,
    ),
  );
});

test('an endpoint can be changed, and deleted any number of times', async () => {
  const [EndpointArn, other] = [await create('two'), await create('three')];
  const set = (Attributes: Record<string, string>) =>
    sns.send(new SetEndpointAttributesCommand({ EndpointArn, Attributes }));
  await set({ Enabled: 'false', CustomUserData: 'x', Token: 'four' });
  expect(await attributesOf(EndpointArn)).toEqual({ Token: 'four', Enabled: 'false', CustomUserData: 'x' });
  await expect(set({ Token: 'three' })).rejects.toEqual(error('InvalidParameterException', /already exists/));
  await expect(set({ CustomUserData: 'x'.repeat(2_049) })).rejects.toEqual(
    error('InvalidParameterException', /2048 bytes/),
  );
  for (let times = 0; times < 2; times++) await sns.send(new DeleteEndpointCommand({ EndpointArn: other }));
  await expect(attributesOf(other)).rejects.toEqual(error('NotFoundException', 'Endpoint does not exist'));
});

test('an unknown application has no endpoints', async () => {
  const command = new CreatePlatformEndpointCommand({ PlatformApplicationArn: `${application}-x`, Token: 'x' });
  await expect(sns.send(command)).rejects.toEqual(error('NotFoundException', 'PlatformApplication does not exist'));
});

test('a push requires an endpoint that exists and is enabled', async () => {
  const EndpointArn = await create('five');
  await publish(EndpointArn, fcm({ notification: { title: 'Hi', body: 'there' }, data: { a: 'b' } }));
  expect(sandbox.messages.list('five')).toMatchObject([
    { kind: 'push', text: 'Hi\nthere', payload: { title: 'Hi', body: 'there', data: { a: 'b' }, badge: null } },
  ]);
  await sns.send(new SetEndpointAttributesCommand({ EndpointArn, Attributes: { Enabled: 'false' } }));
  await expect(publish(EndpointArn, fcm({}))).rejects.toEqual(
    error('EndpointDisabledException', 'Endpoint is disabled'),
  );
  await expect(publish(`${EndpointArn}x`, fcm({}))).rejects.toEqual(
    error('InvalidParameterException', /TargetArn Reason: No endpoint found for the target arn specified$/),
  );
});

test.each([
  ['{', /failed to parse$/],
  [{ GCM: '{}' }, /No default entry in JSON message body$/],
  [{ default: 'x', GCM: '{}' }, /Invalid notification for protocol GCM$/],
  [fcm({ notification: { title: 'x', body: 'x'.repeat(5_000) } }), /longer than 4096 bytes$/],
  [fcm({ notification: { title: 'x', body: 'x' }, data: { n: 7 } }), /Invalid notification/],
])('a push that the platform would not accept is rejected (%#)', async (message, reason) => {
  await expect(publish(await create('six'), message)).rejects.toEqual(error('InvalidParameterException', reason));
});

test.each([
  [{ throttling: true }, 'ThrottlingException', 'Rate exceeded'],
  [{ quota: true }, 'ThrottledException', 'Rate exceeded'],
  [{ internal_error: true }, 'InternalFailure', 'The request processing has failed.'],
])('the fault %j returns the error of SNS', async (fault, name, message) => {
  const before = sandbox.faults;
  sandbox.faults = { ...before, ...fault };
  await expect(create('seven')).rejects.toEqual(
    expect.objectContaining({ message, name: expect.stringMatching(name.slice(0, 8)) }),
  );
  sandbox.faults = before;
});
