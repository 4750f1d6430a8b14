import * as z from 'zod';
import { Customer } from '../customers/customerRepository.ts';
import { fail } from '../errors.ts';
import { countPrefix } from '../table/count.ts';
import type { Write } from '../table/expressions.ts';
import {
  clearingKey,
  clearingPrefix,
  customerPartition,
  notificationIdKey,
  notificationKey,
  notificationPrefix,
  profileKey,
  readingPrefix,
  unreadKey,
} from '../table/keys.ts';
import { type Page, readPage } from '../table/pagination.ts';
import { readAll, transact, write } from '../table/table.ts';

export const notificationTypes = ['product_ordered', 'other'] as const;
export type NotificationType = (typeof notificationTypes)[number];

/** An entry of an inbox, in its customer's language. */
export const Notification = z.object({
  id: z.int(),
  type: z.enum(notificationTypes),
  title: z.string(),
  body: z.string(),
  data: z.record(z.string(), z.string()),
  /** The session of a new sign-in. The notice of it goes to the devices of all other sessions. */
  newSessionId: z.int().nullable().default(null),
  /** Whether it is pushed against the preferences, and even if a thief has read or deleted it. */
  isSecurity: z.boolean().default(false),
  isRead: z.boolean(),
  /**
   * The customer's `readings` and `clearings` when it was created. It is read, or deleted, once
   * they have grown.
   */
  reading: z.int(),
  clearing: z.int(),
  createdAtMs: z.int(),
  expiresAtSeconds: z.int(),
});
export type Notification = z.infer<typeof Notification>;

export type NotificationContent = Omit<
  Notification,
  'isRead' | 'reading' | 'clearing' | 'newSessionId' | 'isSecurity'
> &
  Partial<Pick<Notification, 'newSessionId' | 'isSecurity'>>;

/**
 * The location of a notification. It stays after a deletion, so that the same notification is not
 * created again.
 */
const NotificationLocation = Notification.pick({ id: true, reading: true, clearing: true, createdAtMs: true });

type Inbox = Pick<Customer, 'id' | 'readings' | 'clearings'>;

/** Adds a notification to an inbox, once for each id. Returns whether the customer still exists. */
export async function add(inbox: Inbox, content: NotificationContent): Promise<boolean> {
  const result = await transact(createNotificationWrites(inbox, content));
  if (result.done) return true;
  const [profile, existing] = result.rejected;
  if (existing || !profile) return true;
  return profile.old ? add(Customer.parse(profile.old), content) : false;
}

/**
 * Creates a notification. The writes fail if it exists, if the customer has been deleted, or if all
 * notifications were read or deleted meanwhile.
 */
function createNotificationWrites(
  { id: customerId, readings: reading, clearings: clearing }: Inbox,
  content: NotificationContent,
): Write[] {
  const { id, createdAtMs, expiresAtSeconds } = content;
  const absent = 'attribute_not_exists(pk)';
  const location = { id, reading, clearing, createdAtMs, expiresAtSeconds };
  return [
    {
      kind: 'check',
      key: profileKey(customerId),
      condition:
        'attribute_exists(pk) AND (attribute_not_exists(#readings) OR #readings = :reading) AND (attribute_not_exists(#clearings) OR #clearings = :clearing)',
      values: { ':reading': reading, ':clearing': clearing },
    },
    { kind: 'put', key: notificationIdKey(customerId, id), item: location, condition: absent },
    {
      kind: 'put',
      key: notificationKey(customerId, location),
      item: {
        newSessionId: null,
        isSecurity: false,
        ...content,
        isRead: false,
        reading,
        clearing,
      } satisfies Notification,
      condition: absent,
    },
    { kind: 'put', key: unreadKey(customerId, location), item: { expiresAtSeconds } },
  ];
}

/** @throws notFound for a cursor of another inbox */
export async function readInboxPage(
  { id, readings, clearings }: Inbox,
  page: { cursor?: string | undefined; page_size: number },
): Promise<Page<Notification>> {
  const list = {
    pk: customerPartition(id),
    prefix: notificationPrefix,
    from: clearingPrefix(clearings),
    keyOf: (notification: Notification) => notificationKey(id, notification).sk,
  };
  const { items, ...cursors } = await readPage(list, { cursor: page.cursor, size: page.page_size }, Notification);
  return { ...cursors, items: items.map((item) => ({ ...item, isRead: item.isRead || item.reading < readings })) };
}

/** Apps show the number in a badge, which has no room for a larger one. */
export const mostUnread = 1_000;

/**
 * Counts the unread items in the table up to {@link mostUnread}. Parallel changes cannot make the
 * number wrong.
 */
export function countUnread({ id, readings }: Pick<Inbox, 'id' | 'readings'>): Promise<number> {
  return countPrefix(customerPartition(id), readingPrefix(readings), mostUnread);
}

/** @throws notFound */
export async function markRead(inbox: Inbox, id: number): Promise<void> {
  const location = await find(inbox, id);
  const { done } = await transact([
    {
      kind: 'update',
      key: notificationKey(inbox.id, location),
      expression: 'SET #isRead = :yes',
      condition: 'attribute_exists(pk)',
      values: { ':yes': true },
    },
    { kind: 'delete', key: unreadKey(inbox.id, location) },
  ]);
  if (!done) fail('notFound');
}

/** @throws notFound */
export async function remove(inbox: Inbox, id: number): Promise<void> {
  const location = await find(inbox, id);
  const { done } = await transact([
    { kind: 'delete', key: notificationKey(inbox.id, location), condition: 'attribute_exists(pk)' },
    { kind: 'delete', key: unreadKey(inbox.id, location) },
  ]);
  if (!done) fail('notFound');
}

async function find(inbox: Inbox, id: number) {
  const [location] = await readAll([{ key: notificationIdKey(inbox.id, id), as: NotificationLocation }]);
  return location && location.clearing === inbox.clearings ? location : fail('notFound');
}

/**
 * Marks all notifications as read, with one write however many there are.
 * @throws authenticationFailed if the customer has been deleted
 */
export async function markAllRead(customerId: number): Promise<void> {
  const { done } = await write(incrementWrite(customerId, '#readings = if_not_exists(#readings, :none) + :one'));
  if (!done) fail('authenticationFailed');
}

/**
 * Deletes all notifications with one transaction. Its mark makes a worker delete the items from the
 * table.
 * @throws authenticationFailed if the customer has been deleted
 */
export async function clear(customerId: number): Promise<void> {
  const both =
    '#readings = if_not_exists(#readings, :none) + :one, #clearings = if_not_exists(#clearings, :none) + :one';
  const mark = { kind: 'put' as const, key: clearingKey(customerId), item: { customerId, mark: crypto.randomUUID() } };
  const { done } = await transact([incrementWrite(customerId, both), mark]);
  if (!done) fail('authenticationFailed');
}

function incrementWrite(customerId: number, assignments: string): Write & { kind: 'update' } {
  return {
    kind: 'update',
    key: profileKey(customerId),
    expression: `SET ${assignments}`,
    condition: 'attribute_exists(pk)',
    values: { ':none': 0, ':one': 1 },
  };
}
