import { networkInterfaces } from 'node:os';
import { png } from '../lib/testing/fixtures/images.ts';
import { type LocalStack, StackRunner } from '../lib/testing/stage/localStack.ts';

const [address] = Object.values(networkInterfaces()).flatMap((all = []) =>
  all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
);
/** Skips the tests on a machine without a network, which has no other address. */
(address ? describe : describe.skip)('HOST=0.0.0.0 npm start', () => {
  const runner = new StackRunner();
  let stack: LocalStack;
  beforeAll(async () => {
    await runner.findPorts();
    stack = await runner.start({ HOST: '0.0.0.0' }, ['--fresh']).ready();
  });
  afterAll(() => runner.stop());
  const at = (port: keyof StackRunner['ports']) => `http://${address}:${runner.ports[port]}`;

  async function signIn(phone_number: string): Promise<string> {
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(at('API_PORT') + path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
    };
    await post('/api/sms/send-auth-otp/', { phone_number, otp_type: 'customer_auth' });
    const sent = await fetch(`${at('LOCAL_PORT')}/api/messages?to=${phone_number}`);
    const [message] = (await sent.json()) as { text: string }[];
    const otp = message?.text.match(/\d{6}/)?.[0];
    const device = { registration_id: 'any' };
    const response = await post('/api/customers/authenticate/', { phone_number, otp, device, language: 'en' });
    return (response as { access: string }).access;
  }

  test('serves other machines on the network, with URLs that they can open', async () => {
    expect(stack.output).toContain(`Network    ${at('API_PORT')}`);
    expect(await (await fetch(`${at('LOCAL_PORT')}/api/site`)).json()).toMatchObject({ api: at('API_PORT') });
    expect(await (await fetch(`${at('API_PORT')}/api/docs/`)).text()).toContain(`data-inbox="${at('LOCAL_PORT')}"`);
    const access = await signIn('+201001112233');
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(png)]), 'me.png');
    const headers = { authorization: `Bearer ${access}` };
    const updated = await fetch(`${at('API_PORT')}/api/customers/me/update/`, { method: 'PATCH', headers, body: form });
    const { image } = (await updated.json()) as { image: string };
    expect([image.startsWith(at('LOCAL_PORT')), (await fetch(image)).status]).toEqual([true, 200]);
  });

  test('gives other machines no access to secrets, the table or operator functions', async () => {
    const headers = { 'x-amz-target': 'AmazonSSM.GetParameter', 'content-type': 'application/x-amz-json-1.1' };
    const body = JSON.stringify({ Name: '/signing-keys' });
    expect((await fetch(`${at('LOCAL_PORT')}/ssm/`, { method: 'POST', headers, body })).status).toBe(403);
    expect((await fetch(`${at('LOCAL_PORT')}/s3/images/x`, { method: 'PUT', body })).status).toBe(403);
    for (const port of ['DYNAMODB_PORT', 'LAMBDA_PORT'] as const) await expect(fetch(at(port))).rejects.toThrow();
  });
});
