import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';

// Long enough for a busy machine to deliver the push, but shorter than the sandbox's delay.
const world = useWorld({ environment: { SNS_TIMEOUT_MS: '1500' } });

test('a push that SNS delivers but does not confirm in time is not sent again', async () => {
  const changes = await world.openStream('followUp');
  const news = await world.openStream('deliverPush');
  const { customer, registrationId } = await signIn(world, { registrationId: 'late-token' });
  await changes.follow();
  world.sandbox.faults.late = true;
  await notifyOf(customer.id);
  expect(await news.follow()).toBe(1);
  expect(world.sandbox.messages.list(registrationId)).toHaveLength(1);
});
