import { makeSecrets } from '../../deploy/secrets.ts';
import { signedFetch } from '../../lib/aws/signedFetch.ts';
import { type Sandbox, startSandbox } from './server.ts';

let sandbox: Sandbox;
const events: object[] = [];
beforeAll(async () => {
  Object.assign(process.env, { STAGE: 'local', AWS_REGION: 'eu-central-1' });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  sandbox = await startSandbox({ port: 0, secrets: makeSecrets(), onEmailEvent: (event) => events.push(event) });
  process.env.AWS_ENDPOINT_URL_SESV2 = sandbox.environment.AWS_ENDPOINT_URL_SESV2;
});
afterAll(() => sandbox.stop());

const text = (Data: string) => ({ Data, Charset: 'UTF-8' });
const emailTo = (to: string) => ({
  FromEmailAddress: '"Shop" <shop@example.com>',
  Destination: { ToAddresses: [to] },
  Content: { Simple: { Subject: text('Hi'), Body: { Text: text('there'), Html: text('<p>there</p>') } } },
  ConfigurationSetName: 'set',
});
const send = (body: unknown) =>
  signedFetch('ses', '/v2/email/outbound-emails', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    timeoutMs: 5_000,
    isRepeatable: false,
  });

test('an e-mail appears in the inbox with its subject, text and HTML', async () => {
  expect(JSON.parse(await send(emailTo('mona@example.com')))).toEqual({ MessageId: expect.any(String) });
  expect(sandbox.messages.list('mona@example.com')).toEqual([
    {
      id: expect.any(String),
      kind: 'email',
      to: 'mona@example.com',
      text: 'there',
      payload: { subject: 'Hi', html: '<p>there</p>' },
      created_at: expect.stringMatching(/Z$/),
    },
  ]);
});

test('the mailbox simulator bounces or complains after the response, and other addresses do neither', async () => {
  for (const to of ['bounce@simulator.amazonses.com', 'complaint+x@simulator.amazonses.com', 'success@example.com']) {
    await send(emailTo(to));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  const messages = JSON.stringify(events);
  expect(events).toHaveLength(2);
  expect(messages).toMatch(/Bounce.*Permanent.*bounce@simulator.*Complaint.*complaint\+x@simulator/);
  expect(sandbox.messages.list('bounce@simulator.amazonses.com')).toEqual([]);
});

test.each([
  ['{', 'SesBadRequestException'],
  [emailTo('nobody'), 'SesBadRequestException'],
  [{ ...emailTo('a@example.com'), FromEmailAddress: 'متجر <shop@example.com>' }, 'SesBadRequestException'],
])('an e-mail that SES would not accept is rejected (%#)', async (body, name) => {
  await expect(send(body)).rejects.toMatchObject({ name, isDefinite: true });
});

test.each([
  [{ throttling: true }, 'SesTooManyRequestsException', true],
  [{ quota: true }, 'SesTooManyRequestsException', true],
  [{ rejected: ['b@example.com'] }, 'SesMessageRejected', true],
  [{ internal_error: true }, 'SesInternalFailure', false],
])('the fault %j returns the error of SES', async (fault, name, isDefinite) => {
  const before = sandbox.faults;
  sandbox.faults = { ...before, ...fault };
  await expect(send(emailTo('b@example.com'))).rejects.toMatchObject({ name, isDefinite });
  sandbox.faults = before;
});
