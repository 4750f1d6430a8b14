import { customerPartition, notificationPrefix } from '../../lib/table/keys.ts';
import { lambdaContext, restEvent } from '../../lib/testing/stage/event.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as exportCustomer } from './export.ts';

const world = useWorld();

/** Lambda's limit for a response. */
const mostBytes = 6 * 1024 * 1024;

/**
 * Copies one notification directly in the table, because the functions would take minutes to write
 * so many.
 */
async function notifyOften(customerId: number, times: number): Promise<string[]> {
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
  expect(Buffer.byteLength(JSON.stringify(response))).toBeLessThan(mostBytes);
  return JSON.parse(response.body);
}

test('an export of a thousand long notifications comes in parts that Lambda can answer with, each entry once', async () => {
  const { access, customer } = await signIn(world);
  const bodies = await notifyOften(customer.id, 1_000);
  const parts = [await exportPage(access)];
  for (let next = parts[0].next; next; next = parts.at(-1).next) {
    parts.push(await exportPage(access, Object.fromEntries(new URL(next).searchParams)));
  }
  expect(parts.length).toBeGreaterThan(1);
  const notifications = parts.flatMap((part) => part.notifications.map(({ body }: { body: string }) => body));
  expect(notifications.filter((body) => body.includes('رسالة')).toSorted()).toEqual(bodies.toSorted());
  expect(parts.map(({ profile, wallet }) => [profile?.id, wallet?.currency])).toEqual([
    [customer.id, 'EGP'],
    ...parts.slice(1).map(() => [undefined, undefined]),
  ]);
  for (const kind of ['sessions', 'devices']) expect(parts.flatMap((part) => part[kind])).toHaveLength(1);
});
