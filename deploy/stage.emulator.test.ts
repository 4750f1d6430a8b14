import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { CloudFormationClient, ListStackResourcesCommand, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  paginateListRoles,
} from '@aws-sdk/client-iam';
import {
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { CreatePlatformApplicationCommand, SNSClient } from '@aws-sdk/client-sns';
import { DescribeParametersCommand, SSMClient } from '@aws-sdk/client-ssm';

import { type Emulator, startEmulator } from '../lib/testing/aws/emulator.ts';
import { fitPolicy } from '../lib/testing/aws/emulatorPolicies.ts';
import { copyService, type ServiceCopy } from '../lib/testing/aws/template.ts';
import { png } from '../lib/testing/fixtures/images.ts';

interface SignedIn {
  access: string;
  device_token: string;
  customer: { id: number };
}

const emulator = await startEmulator();
const whenEmulated = emulator ? describe : describe.skip;

whenEmulated('a stage that is deployed to an emulator of AWS', () => {
  const { url, environment, stop } = emulator as Emulator;
  const region = {
    region: 'eu-central-1',
    endpoint: url,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const lambda = new LambdaClient(region);
  const dynamodb = new DynamoDBClient(region);
  const stages = ['blue', 'green'] as const;
  const iam = new IAMClient(region);
  const account = '000000000000';
  const boundary = 'customer-backend-boundary';
  const deployers = new Map<string, Record<string, string>>();
  let service: ServiceCopy;
  let application = '';
  let restoredTable = '';

  beforeAll(async () => {
    service = copyService();
    const { PlatformApplicationArn = '' } = await new SNSClient(region).send(
      new CreatePlatformApplicationCommand({ Name: 'shop', Platform: 'GCM', Attributes: { PlatformCredential: 'x' } }),
    );
    application = PlatformApplicationArn;
    const policy = new CreatePolicyCommand({ PolicyName: boundary, PolicyDocument: readPolicy('boundary') });
    await iam.send(policy);
    service.edit('serverless.yml', (text) =>
      text
        .replace('  - ./deploy/plugin.ts\n', '  - ./deploy/plugin.ts\n  - ./lib/testing/aws/emulatorPlugin.ts\n')
        .replace(/^ {4}permissionsBoundary: ''$/m, `    permissionsBoundary: ${boundary}`)
        .replace(/^ {4}deploymentRole: ''$/m, `    deploymentRole: arn:aws:iam::${account}:role/stack-\${sls:stage}`),
    );
    for (const stage of stages) deployers.set(stage, await createDeployer(stage));
  });
  afterAll(async () => {
    service.delete();
    await stop();
  });

  const readPolicy = (name: string, stage = '') => {
    const text = readFileSync(service.pathOf(`deploy/policies/${name}.json`), 'utf8')
      .replaceAll('ACCOUNT', account)
      .replaceAll('SERVICE_ROLE', `stack-${stage}`)
      .replaceAll('STAGE', stage)
      .replaceAll('BOUNDARY', boundary);
    return JSON.stringify(fitPolicy(JSON.parse(text)));
  };
  /** Creates the roles of docs/runbook.md, and returns the environment of the stage's deployer. */
  const createDeployer = async (stage: string) => {
    const names = { RoleName: `stack-${stage}`, UserName: `deploy-${stage}`, PolicyName: 'deployment' };
    const Statement = {
      Effect: 'Allow',
      Principal: { Service: 'cloudformation.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new CreateRoleCommand({ ...names, AssumeRolePolicyDocument }));
    await iam.send(new PutRolePolicyCommand({ ...names, PolicyDocument: readPolicy('cloudformation', stage) }));
    await iam.send(new CreateUserCommand(names));
    await iam.send(new PutUserPolicyCommand({ ...names, PolicyDocument: readPolicy('deployer', stage) }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand(names));
    return {
      ...environment,
      AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? '',
    };
  };
  /** Sets the boundary of each role, because the emulator's CloudFormation does not. */
  const boundRoles = async (stage: string) => {
    const PermissionsBoundary = `arn:aws:iam::${account}:policy/${boundary}`;
    for await (const { Roles = [] } of paginateListRoles({ client: iam }, {})) {
      for (const { RoleName } of Roles.filter((role) => role.RoleName?.startsWith(`customer-backend-${stage}-`)))
        await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
    }
  };
  /** Runs a script as the deployer of a stage. */
  const script = (stage: string, file: string) => service.script(file, ['--stage', stage], deployers.get(stage));
  const testNumbers = JSON.stringify([{ phone_number: '+201000000000', otp: '123456', until: '2099-12-31' }]);
  const deploy = (stage: string) =>
    service.serverless(['deploy', '--stage', stage, '--param', `pushAndroidApplication=${application}`], {
      ...deployers.get(stage),
      TEST_NUMBERS: testNumbers,
    });
  const invoke = async (stage: string, name: string, input: object) => {
    const command = new InvokeCommand({
      FunctionName: `customer-backend-${stage}-${name}`,
      Payload: JSON.stringify(input),
    });
    return JSON.parse(Buffer.from((await lambda.send(command)).Payload ?? []).toString());
  };
  const urls = new Map<string, string>();
  const call = async (
    stage: string,
    method: string,
    path: string,
    { token = '', body }: { token?: string; body?: unknown } = {},
  ) => {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(!(body instanceof FormData) && { 'content-type': 'application/json' }),
    };
    const response = await fetch(`${urls.get(stage)}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  };
  const readCode = async (phone: string) => {
    const query = new URLSearchParams({ region: 'eu-central-1', phoneNumber: phone });
    const messages = await (await fetch(`${url}/_ministack/sns/sms-messages?${query}`)).text();
    return [...messages.matchAll(/\b(\d{6})\b/g)].at(-1)?.[1] ?? '';
  };
  const signIn = async (stage: string, phone: string, deviceToken?: string) => {
    const sent = await call(stage, 'POST', '/api/sms/send-auth-otp/', {
      body: { phone_number: phone, otp_type: 'customer_auth', device_token: deviceToken },
    });
    expect(sent.status).toBe(200);
    return call(stage, 'POST', '/api/customers/authenticate/', {
      body: {
        phone_number: phone,
        otp: await readCode(phone),
        device: { registration_id: `token-${phone}` },
        language: 'en',
        device_token: deviceToken,
      },
    });
  };
  const charge = async (stage: string, customerId: number, reference: string) => {
    const charging = {
      customer_id: customerId,
      transaction_type: 'CHARGING',
      amount: '100.00',
      currency: 'EGP',
      reference,
      idempotency_key: reference,
    };
    expect(await invoke(stage, 'walletAdjust', charging)).not.toHaveProperty('errorMessage');
  };
  const readTable = async (TableName: string) =>
    JSON.stringify((await dynamodb.send(new ScanCommand({ TableName }))).Items);
  const settingsOf = async (TableName: string) => {
    const [{ Table }, { TimeToLiveDescription }, { ContinuousBackupsDescription }] = await Promise.all([
      dynamodb.send(new DescribeTableCommand({ TableName })),
      dynamodb.send(new DescribeTimeToLiveCommand({ TableName })),
      dynamodb.send(new DescribeContinuousBackupsCommand({ TableName })),
    ]);
    const { Tags } = await dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
    return {
      stream: Table?.StreamSpecification,
      isProtected: Table?.DeletionProtectionEnabled,
      timeToLive: TimeToLiveDescription,
      backups: ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
      tags: Tags?.filter(({ Key }) => !Key?.startsWith('aws:')),
    };
  };
  const until = async (isDone: () => boolean | Promise<boolean>) => {
    for (let left = 150; left > 0; left--) {
      if (await isDone()) return true;
      await setTimeout(200);
    }
    return false;
  };

  test('is prepared, deployed and seeded, and passes the smoke test beside another stage', async () => {
    for (const stage of stages) {
      expect(await script(stage, 'scripts/stagePrepare.ts')).toContain('can be deployed');
      await deploy(stage);
      await boundRoles(stage);
      expect(await script(stage, 'seed/run.ts')).toContain(`Loaded into the stage ${stage}.`);
      const [, id] = (await script(stage, 'scripts/stageUrl.ts')).match(/^https:\/\/(\w+)\./) ?? [];
      urls.set(stage, `${url}/_aws/execute-api/${id}/${stage}`);
      await service.script('scripts/smoke.ts', ['--url', urls.get(stage) ?? '']);
      expect((await call(stage, 'GET', '/api/health/')).body).toMatchObject({ status: 'ok', stage });
    }
  });

  test('is closed to the deployer of another stage', async () => {
    const seeding = service.script('seed/run.ts', ['--stage', 'green'], deployers.get('blue'));
    await expect(seeding).rejects.toThrow('not authorized');
  });

  test('serves a customer from the first code to the erasure', async () => {
    const phone = '+201001234567';
    const first = await signIn('blue', phone);
    expect(first.status).toBe(201);
    const token = first.body.access;
    const { id } = first.body.customer;

    const form = new FormData();
    form.append('full_name', 'Mona');
    form.append('image', new Blob([new Uint8Array(png)], { type: 'image/png' }), 'a.png');
    expect(await call('blue', 'PATCH', '/api/customers/me/update/', { token, body: form })).toMatchObject({
      status: 200,
      body: { full_name: 'Mona', image: expect.stringMatching(/^https:/) },
    });
    const address = {
      point: { type: 'Point', coordinates: [31.2357, 30.0444] },
      description: '12 Tahrir Square',
      location_type: 'HOME',
    };
    expect((await call('blue', 'POST', '/api/addresses/create/', { token, body: address })).status).toBe(201);
    expect((await call('blue', 'GET', '/api/devices/', { token })).body).toHaveLength(1);

    const notification = {
      customer_ids: [id],
      notification_type: 'other',
      title: { en: 'Hello', ar: 'أهلاً' },
      message_body: { en: 'Hello', ar: 'أهلاً' },
      idempotency_key: 'hello',
    };
    expect(await invoke('blue', 'notify', notification)).toMatchObject({ idempotency_key: 'hello' });
    const unread = async () =>
      (await call('blue', 'GET', '/api/notifications/unread-count/', { token })).body.unread_count;
    expect(await until(async () => (await unread()) === 1)).toBe(true);
    // The emulator calls push endpoints `app/…`, while SNS calls them `endpoint/…`. So no push is
    // sent.
    const hasEndpoint = async () => (await readTable('customer-backend-blue')).includes(`${application}/`);
    expect(await until(hasEndpoint)).toBe(true);

    for (let repeat = 0; repeat < 2; repeat++) await charge('blue', id, 'receipt 1');
    expect((await call('blue', 'GET', '/api/wallets/me/', { token })).body.wallet.balance).toBe('100.00');
    expect((await call('blue', 'GET', '/api/customers/me/export/', { token })).body).toMatchObject({
      profile: { full_name: 'Mona' },
      addresses: [expect.anything()],
    });

    expect((await call('green', 'GET', '/api/customers/me/', { token })).status).toBe(401);
    expect((await call('blue', 'DELETE', '/api/customers/me/delete/', { token })).status).toBe(204);
    expect((await call('blue', 'GET', '/api/customers/me/', { token })).status).toBe(401);
  });

  test('answers every other method and path by itself', async () => {
    expect(await call('blue', 'PUT', '/api/countries/')).toMatchObject({
      status: 405,
      body: { errors: [{ code: 'method_not_allowed' }] },
    });
    expect(await call('blue', 'GET', '/api/customers/')).toMatchObject({ status: 404 });
    expect(await call('blue', 'GET', '/nothing/here/')).toMatchObject({
      status: 404,
      body: { errors: [{ code: 'not_found' }] },
    });
  });

  test('is left alone by a deployment that changes nothing', async () => {
    expect(await deploy('blue')).toContain('No changes to deploy');
  });

  test('gets a changed function by a deployment that leaves all others alone', async () => {
    const codeOf = async () => {
      const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
      const own = Functions.filter(({ FunctionName }) => FunctionName?.startsWith('customer-backend-blue-'));
      return new Map(own.map(({ FunctionName = '', CodeSha256 }) => [FunctionName, CodeSha256]));
    };
    const before = await codeOf();
    service.edit('functions/health/get.ts', (text) =>
      text
        .replace('const about = { version,', "const about = { version: 'changed',")
        .replace('{ version, commit', '{ commit'),
    );
    await deploy('blue');
    const after = await codeOf();
    const changed = [...after].filter(([name, code]) => before.get(name) !== code).map(([name]) => name);
    expect(changed).toEqual(['customer-backend-blue-healthGet']);
    expect((await call('blue', 'GET', '/api/health/')).body.version).toBe('changed');
  });

  test('goes back to the deployment before without building anything, and keeps its test numbers', async () => {
    const listed = await service.serverless(['deploy', 'list', '--stage', 'blue'], deployers.get('blue'));
    const [before] = Array.from(listed.matchAll(/Timestamp: (\d+)/g), ([, timestamp = '']) => timestamp).slice(-2);
    await service.serverless(['rollback', '--stage', 'blue', '--timestamp', before ?? ''], deployers.get('blue'));
    expect((await call('blue', 'GET', '/api/health/')).body.version).not.toBe('changed');
    const { Configuration } = await lambda.send(
      new GetFunctionCommand({ FunctionName: 'customer-backend-blue-authSendOtp' }),
    );
    expect(Configuration?.Environment?.Variables?.TEST_NUMBERS).toBe(testNumbers);
  });

  describe('whose table is restored', () => {
    const staying = '+201001234568';
    const leaving = '+201001234569';
    let stays: SignedIn;
    let leaves: SignedIn;
    let streamArn = '';

    // The emulator ignores the time and copies the current items. So the first run is at that time,
    // and the changes that the switch loses follow it.
    test('gets a table beside the live one, with its settings, and repeats later erasures there', async () => {
      stays = (await signIn('blue', staying)).body;
      leaves = (await signIn('blue', leaving)).body;
      await charge('blue', stays.customer.id, 'before');
      const at = new Date().toISOString();
      const restore = () => service.script('scripts/stageRestore.ts', ['--stage', 'blue', '--at', at], environment);
      const printed = await restore();
      expect(printed).toContain('Erased 0 customers');
      [, restoredTable = ''] = /tableName: (\S+)/.exec(printed) ?? [];
      [, streamArn = ''] = /tableStreamArn: (\S+)/.exec(printed) ?? [];

      await charge('blue', stays.customer.id, 'after');
      const erased = await call('blue', 'DELETE', '/api/customers/me/delete/', { token: leaves.access });
      expect(erased.status).toBe(204);
      expect(await readTable(restoredTable)).toContain(leaving);
      const again = await restore();
      expect(again).toContain(`Erased 1 customers who had been erased since: ${leaves.customer.id}.`);
      expect(again).toContain('Brought back 0 customers');
      expect(again).toContain('Claims and wallets checked: 0 problems.');
      expect(await readTable(restoredTable)).not.toContain(leaving);
      // The emulator's CloudFormation sets neither backups nor expiry.
      expect(await settingsOf(restoredTable)).toEqual({
        ...(await settingsOf('customer-backend-blue')),
        backups: 'ENABLED',
        timeToLive: { AttributeName: 'expiresAtSeconds', TimeToLiveStatus: 'ENABLED' },
      });
    });

    test('serves customers from that table once it is switched', async () => {
      const params = `{ tableName: '${restoredTable}', tableStreamArn: '${streamArn}' }`;
      service.edit('serverless.yml', (text) => text.replace(/^ {2}local:$/m, `  blue: ${params}\n  local:`));
      await deploy('blue');
      const { TableNames } = await dynamodb.send(new ListTablesCommand({}));
      expect(TableNames).not.toContain('customer-backend-blue');
      const profile = (token: string) => call('blue', 'GET', '/api/customers/me/', { token });
      expect(await profile(stays.access)).toMatchObject({ status: 200, body: { id: stays.customer.id } });
      expect((await profile(leaves.access)).status).toBe(401);
      const back = await signIn('blue', staying, stays.device_token);
      expect(back).toMatchObject({ status: 200, body: { customer: { id: stays.customer.id } } });
      const token = back.body.access;
      expect((await call('blue', 'GET', '/api/wallets/me/', { token })).body.wallet.balance).toBe('100.00');

      const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
      const sources = EventSourceMappings.filter(({ EventSourceArn }) =>
        EventSourceArn?.includes(':table/customer-backend-blue'),
      ).map(({ FunctionArn, EventSourceArn }) => [FunctionArn?.split('-').at(-1), EventSourceArn]);
      expect(Object.fromEntries(sources)).toEqual({ deliverPush: streamArn, followUp: streamArn });
      const hasDevice = async () => (await readTable(restoredTable)).includes(`token-${staying}`);
      expect(await hasDevice()).toBe(true);
      expect((await call('blue', 'DELETE', '/api/customers/me/delete/', { token })).status).toBe(204);
      expect(await until(async () => !(await hasDevice()))).toBe(true);
    });
  });

  test('is removed with all that was its own, and leaves the other stage alone', async () => {
    await service.serverless(['remove', '--stage', 'blue'], deployers.get('blue'));
    const cloudFormation = new CloudFormationClient(region);
    const left = JSON.stringify(
      await Promise.all([
        lambda.send(new ListFunctionsCommand({})),
        new S3Client({ ...region, forcePathStyle: true }).send(new ListBucketsCommand({})),
        new SSMClient(region).send(new DescribeParametersCommand({})),
        cloudFormation.send(new ListStacksCommand({ StackStatusFilter: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'] })),
      ]),
    );
    expect(left).not.toContain('customer-backend-blue');
    const { TableNames } = await dynamodb.send(new ListTablesCommand({}));
    expect(TableNames).toEqual(expect.arrayContaining([restoredTable, 'customer-backend-green']));
    const { StackResourceSummaries } = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName: 'customer-backend-green' }),
    );
    expect(StackResourceSummaries?.length).toBeGreaterThan(0);
    expect((await call('green', 'GET', '/api/countries/')).status).toBe(200);
  });
});
