import type * as z from 'zod';
import { isoTime, nowSeconds } from './clock.ts';
import { Address } from './repositories/addresses.ts';
import { Customer } from './repositories/customers.ts';
import { Device } from './repositories/devices.ts';
import {
  addressPrefix,
  customerPartition,
  devicePrefix,
  entryPrefix,
  notificationPrefix,
  sessionPrefix,
} from './repositories/keys.ts';
import { Notification } from './repositories/notifications.ts';
import { Password } from './repositories/passwords.ts';
import { Session, shownLastUseSeconds } from './repositories/sessions.ts';
import { readRaw } from './repositories/table.ts';
import { Entry, Wallet } from './repositories/wallets.ts';

interface Kind {
  /** How the sort keys of such items begin. */
  sk: string;
  schema: z.ZodObject;
  /** Whether there can be several. */
  many?: boolean;
  /** Fields that say nothing about the customer. */
  internal?: readonly string[];
  /** Kept when the customer is erased, because accounts must add up; such an item may not say whose it was. */
  outlivesCustomer?: boolean;
}

/** Everything we hold about a customer: what an export shows, and what an erasure erases. */
export const personalData = {
  profile: {
    sk: 'PROFILE',
    schema: Customer,
    internal: ['addressCount', 'devicesAtMost', 'deviceRecounts', 'readings', 'clearings', 'signIns', 'endedSignIns'],
  },
  password: { sk: 'PASSWORD', schema: Password, internal: ['hash'] },
  wallet: { sk: 'WALLET', schema: Wallet, internal: ['entryCount', 'checksum'], outlivesCustomer: true },
  transactions: { sk: entryPrefix, schema: Entry, many: true, internal: ['keyHash', 'hash'], outlivesCustomer: true },
  sessions: {
    sk: sessionPrefix,
    schema: Session,
    many: true,
    internal: ['customerId', 'usedTokens', 'signIn', 'sharedCycles', 'sharing'],
  },
  devices: { sk: devicePrefix, schema: Device, many: true, internal: ['sessionId'] },
  addresses: { sk: addressPrefix, schema: Address, many: true },
  notifications: { sk: notificationPrefix, schema: Notification, many: true, internal: ['reading', 'clearing'] },
} as const satisfies Record<string, Kind>;

/** A point in time, by its unit. */
const time = /At(Seconds|Ms)$/;

/** The names of an item's fields as an export shows them. */
export function exportedFields({ schema, internal = [] }: Kind): { stored: string; shown: string }[] {
  return Object.keys(schema.shape)
    .filter((name) => !internal.includes(name))
    .map((stored) => ({ stored, shown: snakeCase(stored.replace(time, 'At')) }));
}

/** All of a customer's data as JSON: an object or a list of objects for each kind, times in ISO 8601. */
export async function exportPersonalData(caller: Session): Promise<Record<string, unknown>> {
  const items = standing(await readRaw(customerPartition(caller.customerId))).map((item) =>
    item.sk.startsWith(sessionPrefix) ? withShownLastUse(item, caller) : item,
  );
  const kinds: [string, Kind][] = Object.entries(personalData);
  const shown = kinds.map(([name, kind]) => {
    const ofKind = items.filter(({ sk }) => sk.startsWith(kind.sk)).map((item) => show(kind, item));
    return [name, kind.many ? ofKind : (ofKind[0] ?? null)];
  });
  return Object.fromEntries(shown);
}

/** As the customer would find them: what has expired or was deleted with all others is gone, though it may be in the table still. */
function standing<T extends Record<string, unknown>>(items: T[]): T[] {
  const { clearings, readings } = Customer.pick({ clearings: true, readings: true }).parse(
    items.find(({ sk }) => sk === personalData.profile.sk) ?? {},
  );
  return items
    .filter(
      ({ expiresAtSeconds, clearing = clearings }) =>
        clearing === clearings && !(Number(expiresAtSeconds) <= nowSeconds()),
    )
    .map((item) => ('reading' in item && Number(item.reading) < readings ? { ...item, isRead: true } : item));
}

function withShownLastUse<T extends object>(session: T, caller: Session): T {
  const { success, data } = Session.safeParse(session);
  return success ? { ...session, lastUsedAtSeconds: shownLastUseSeconds(data, caller.id) } : session;
}

function show(kind: Kind, item: Record<string, unknown>): Record<string, unknown> {
  const fields = exportedFields(kind).map(({ stored, shown }) => {
    const value = item[stored];
    const unit = typeof value === 'number' ? time.exec(stored)?.[1] : undefined;
    return [shown, unit ? isoTime(Number(value) / (unit === 'Ms' ? 1000 : 1)) : (value ?? null)];
  });
  return Object.fromEntries(fields);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
