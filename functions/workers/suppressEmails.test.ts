import { isSuppressed } from '../../lib/messages/suppressedEmails.ts';
import { verifyAddress } from '../../lib/testing/stage/emails.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, nextAddress } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as setEmail } from '../customers/setEmail.ts';
import { handler as setPassword } from '../password/set.ts';

const world = useWorld({ seed: ['countries', 'settings'] });
beforeEach(() => cheapPasswords(world));

const request = (token: string, email: string) =>
  world.call(setEmail, { token, body: { email }, clientIp: nextAddress() });
const report = (message: object) =>
  invoke('suppressEmails', { Records: [{ Sns: { Message: JSON.stringify(message) } }] });
const recipientsOf = (...addresses: string[]) => addresses.map((emailAddress) => ({ emailAddress }));

test.each(['bounce', 'complaint'])('a %s of the mailbox simulator switches the address off', async (kind) => {
  const email = `${kind}+${kind}@simulator.amazonses.com`;
  const reported = new Promise<object>((resolve) => {
    world.sandbox.onEmailEvent = resolve;
  });
  const { access } = await signIn(world);
  expect((await request(access, email)).status).toBe(202);
  await invoke('suppressEmails', await reported);
  world.advance(60);
  const { status, body } = await request(access, email);
  expect([status, body]).toMatchObject([400, { errors: [{ code: 'email_undeliverable', attr: 'email' }] }]);
  const stored = (await world.items()).filter(({ sk, reason }) => sk === 'SUPPRESSED' && reason === kind);
  expect(stored).toHaveLength(1);
  expect(JSON.stringify(stored)).not.toContain(email);
});

test('a suppressed address gets no e-mail until the suppression expires', async () => {
  const { access } = await signIn(world);
  const email = 'full.name@example.com';
  await verifyAddress(world, access, email);
  const bounce = { bounceType: 'Permanent', bouncedRecipients: recipientsOf(`Mona <${email.toUpperCase()}>`) };
  await report({ eventType: 'Bounce', bounce });
  const before = world.sandbox.messages.list(email).length;
  expect((await world.call(setPassword, { token: access, body: { password: 'violet bicycle 77' } })).status).toBe(200);
  expect(world.sandbox.messages.list(email)).toHaveLength(before);
  world.advance(90 * 86_400);
  expect(await isSuppressed(email)).toBe(false);
});

test.each([
  ['a temporary bounce', { bounce: { bounceType: 'Transient', bouncedRecipients: recipientsOf('later@example.com') } }],
  [
    'a report that an e-mail is no spam',
    { complaint: { complaintFeedbackType: 'not-spam', complainedRecipients: recipientsOf('later@example.com') } },
  ],
  ['another event', { eventType: 'Delivery' }],
])('%s changes nothing', async (_, event) => {
  await report(event);
  expect(await isSuppressed('later@example.com')).toBe(false);
});

test('suppresses each recipient of an event, and may be repeated', async () => {
  const complaint = { complainedRecipients: recipientsOf('one@example.com', 'two@example.com') };
  for (let turn = 0; turn < 2; turn++) await report({ notificationType: 'Complaint', complaint });
  expect([await isSuppressed('one@example.com'), await isSuppressed('two@example.com')]).toEqual([true, true]);
});
