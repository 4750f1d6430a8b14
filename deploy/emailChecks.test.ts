import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { checkEmailSender } from './emailChecks.ts';

const account = { ProductionAccessEnabled: true, SendingEnabled: true };
let verified: string[] = [];
const ses = new Hono()
  .get('/v2/email/account', (context) => context.json(account))
  .get('/v2/email/identities/:name', (context) => {
    const name = context.req.param('name');
    if (verified.includes(name)) return context.json({ VerifiedForSendingStatus: true });
    return context.json({ message: 'not found' }, 404, { 'x-amzn-errortype': 'NotFoundException' });
  });
let server: ReturnType<typeof serve>;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server = serve({ fetch: ses.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve());
  });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  process.env.AWS_ENDPOINT_URL_SESV2 = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  Object.assign(account, { ProductionAccessEnabled: true, SendingEnabled: true });
});
afterAll(() => server.close());

test.each([
  ['', [], 'ok', /sends none/],
  ['shop@shop.example', ['shop.example'], 'ok', /^SES sends e-mails of shop@shop.example in eu-central-1/],
  ['shop@shop.example', ['shop@shop.example'], 'ok', /^SES sends/],
  ['shop@shop.example', ['other.example'], 'warn', /^SES has not verified shop@shop.example or shop.example/],
])('of the sender %p with the identities %p says %s', async (sender, identities, outcome, sentence) => {
  verified = identities;
  expect(await checkEmailSender(sender, 'eu-central-1')).toEqual({
    outcome,
    sentence: expect.stringMatching(sentence),
  });
});

test.each([
  [{ ProductionAccessEnabled: false }, /^SES is in the sandbox/],
  [{ SendingEnabled: false }, /^SES has paused the account/],
])('warns of an account with %j', async (state, sentence) => {
  verified = ['shop.example'];
  Object.assign(account, state);
  expect(await checkEmailSender('shop@shop.example', 'eu-central-1')).toEqual({
    outcome: 'warn',
    sentence: expect.stringMatching(sentence),
  });
});
