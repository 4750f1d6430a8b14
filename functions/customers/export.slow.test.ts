import { customerPartition, notificationPrefix } from '../../lib/table/keys.ts';
import { lambdaContext, restEvent } from '../../lib/testing/stage/event.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as exportCustomer } from './export.ts';

const world = useWorld();

/** Lambda's limit for a response. */
const maxBytes = 6 * 1024 * 1024;

/**
 * Writes copies of one notification directly to the table, because the functions would take
 * minutes.
 */
async function storeNotifications(customerId: number, times: number): Promise<string[]> {
  await notifyOf(customerId);
  const pk = customerPartition(customerId);
  const stored = await world.partition(pk);
  const first = stored.find(({ sk }) => String(sk).startsWith(notificationPrefix)) as { sk: string };
  const bodies = Array.from({ length: times }, (_, index) => `${index} ${'"رسالة" '.repeat(500)}`);
  for (let start = 0; start < times; start += 50) {
    const puts = bodies.slice(start, start + 50).map((body, index) => {
      const sk = first.sk.replace(/.{6}$/, String(start + index).padStart(6, '0'));
      return world.put({ ...first, pk, sk, body });
    });
    await Promise.all(puts);
  }
  return bodies;
}

async function exportPage(token: string, query: Record<string, string> = {}) {
  const response = await exportCustomer(restEvent({ method: 'GET', token, query }), lambdaContext());
  expect(response.statusCode).toBe(200);
  expect(Buffer.byteLength(JSON.stringify(response))).toBeLessThan(maxBytes);
  return JSON.parse(response.body);
}

test('an export of a thousand long notifications is split into pages within the limit of Lambda, with each entry once', async () => {
  const { access, customer } = await signIn(world);
  const bodies = await storeNotifications(customer.id, 1_000);
  const pages = [await exportPage(access)];
  for (let next = pages[0].next; next; next = pages.at(-1).next) {
    pages.push(await exportPage(access, Object.fromEntries(new URL(next).searchParams)));
  }
  expect(pages.length).toBeGreaterThan(1);
  const notifications = pages.flatMap((page) => page.notifications.map(({ body }: { body: string }) => body));
  expect(notifications.filter((body) => body.includes('رسالة')).toSorted()).toEqual(bodies.toSorted());
  expect(pages.map(({ profile, wallet }) => [profile?.id, wallet?.currency])).toEqual([
    [customer.id, 'EGP'],
    ...pages.slice(1).map(() => [undefined, undefined]),
  ]);
  for (const kind of ['sessions', 'devices']) expect(pages.flatMap((page) => page[kind])).toHaveLength(1);
});
