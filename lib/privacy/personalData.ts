import * as z from 'zod';
import { Address } from '../addresses/addressRepository.ts';
import { isoTime, nowSeconds } from '../clock.ts';
import { Customer } from '../customers/customerRepository.ts';
import { PendingEmail } from '../customers/pendingEmail.ts';
import { Device } from '../devices/device.ts';
import { countBytes, mostBytes } from '../http/responseLimit.ts';
import { toImageUrl } from '../images/urls.ts';
import { Notification } from '../notifications/notificationRepository.ts';
import { Password } from '../passwords/passwordRepository.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { displayLastUseSeconds, Session } from '../sessions/sessionRepository.ts';
import {
  addressPrefix,
  customerPartition,
  devicePrefix,
  entryPrefix,
  notificationPrefix,
  sessionPrefix,
} from '../table/keys.ts';
import { makeCursor, readSortKey } from '../table/pagination.ts';
import { readEachRaw, readRaw } from '../table/table.ts';
import { Entry, Wallet } from '../wallet/walletRepository.ts';

interface Kind {
  /** The sort key, or its prefix. */
  sk: string;
  schema: z.ZodObject;
  many?: boolean;
  /** Fields that tell nothing about the customer. */
  internal?: readonly string[];
  /** The field with an image, which is exported as its URL. */
  image?: string;
  /**
   * Kept when the customer is erased, because accounts must add up. The item must not identify
   * its customer.
   */
  outlivesCustomer?: boolean;
}

/** All stored data about a customer. Both the export and the erasure use this list. */
export const personalData = {
  profile: {
    sk: 'PROFILE',
    schema: Customer,
    image: 'image',
    internal: [
      'addressCount',
      'devicesAtMost',
      'deviceRecounts',
      'readings',
      'clearings',
      'signIns',
      'endedSignIns',
      'phoneChange',
    ],
  },
  pending_email: { sk: 'PENDING_EMAIL', schema: PendingEmail, internal: ['id'] },
  password: { sk: 'PASSWORD', schema: Password, internal: ['hash'] },
  wallet: { sk: 'WALLET', schema: Wallet, internal: ['entryCount', 'checksum'], outlivesCustomer: true },
  transactions: { sk: entryPrefix, schema: Entry, many: true, internal: ['keyHash', 'hash'], outlivesCustomer: true },
  sessions: {
    sk: sessionPrefix,
    schema: Session,
    many: true,
    internal: ['customerId', 'usedTokens', 'signIn', 'sharedCycles', 'sharing', 'isNewDevice'],
  },
  devices: { sk: devicePrefix, schema: Device, many: true, internal: ['sessionId'] },
  addresses: { sk: addressPrefix, schema: Address, many: true, image: 'mapImage' },
  notifications: {
    sk: notificationPrefix,
    schema: Notification,
    many: true,
    internal: ['reading', 'clearing', 'newSessionId', 'isSecurity'],
  },
} as const satisfies Record<string, Kind>;

const kinds: (Kind & { name: string })[] = Object.entries(personalData).map(([name, kind]) => ({ name, ...kind }));

const time = /At(Seconds|Ms)$/;

function exportedFields({ schema, internal = [] }: Kind): { stored: string; shown: string }[] {
  return Object.keys(schema.shape)
    .filter((name) => !internal.includes(name))
    .map((stored) => ({ stored, shown: snakeCase(stored.replace(time, 'At')) }));
}

interface Export {
  /** An object or a list of objects for each kind. Times are in ISO 8601. */
  data: Record<string, unknown>;
  cursor: string | null;
}

/**
 * The most items that one response reads, so that it ends in time even if most of them have
 * expired.
 */
const mostItems = 20_000;

type Caller = Pick<SignedIn, 'customer' | 'session'>;

/**
 * Returns a customer's data, as much of it as one response can hold. Kinds with one item are in the
 * first part, and null in the others.
 * @throws notFound for a cursor of another customer
 */
export async function exportPersonalData({ customer, session }: Caller, cursor: string | undefined): Promise<Export> {
  const pk = customerPartition(customer.id);
  const behind = cursor && readSortKey(pk, cursor);
  const shown = new Map(kinds.map(({ name }) => [name, [] as object[]]));
  let last: string | undefined;
  let isCut = false;
  let bytes = 0;
  let itemCount = 0;
  for await (const item of readEachRaw(pk, { behind })) {
    const kind = kinds.find(({ sk, many }) => item.sk.startsWith(sk) && (many || !behind));
    const entry =
      kind && isCurrent(item, customer) ? show(kind, asListed(item, { customer, session }), customer) : undefined;
    if (entry) bytes += countBytes(entry);
    isCut = bytes > mostBytes || itemCount >= mostItems;
    if (isCut) break;
    if (kind && entry) shown.get(kind.name)?.push(entry);
    last = item.sk;
    itemCount += 1;
  }
  if (isCut && !behind) await addSingles(customer, shown);
  return {
    data: Object.fromEntries(
      kinds.map(({ name, many }) => [name, many ? shown.get(name) : (shown.get(name)?.[0] ?? null)]),
    ),
    cursor: isCut && last ? makeCursor(pk, last) : null,
  };
}

/** Adds the single items whose keys come too late to be in the first part. */
async function addSingles(customer: Customer, shown: Map<string, object[]>): Promise<void> {
  const missing = kinds.filter(({ name, many }) => !many && shown.get(name)?.length === 0);
  await Promise.all(
    missing.map(async (kind) => {
      for (const item of await readRaw(customerPartition(customer.id), kind.sk))
        shown.get(kind.name)?.push(show(kind, item, customer));
    }),
  );
}

type Stored = Record<string, unknown> & { sk: string };

/** Returns whether an item is current. Expired and deleted items may still be in the table. */
function isCurrent({ expiresAtSeconds, clearing }: Stored, { clearings }: Customer): boolean {
  return (clearing ?? clearings) === clearings && !(Number(expiresAtSeconds) <= nowSeconds());
}

/** Returns an item as the customer's list shows it. */
function asListed(item: Stored, { customer, session }: Caller): Stored {
  if ('reading' in item && Number(item.reading) < customer.readings) return { ...item, isRead: true };
  if (!item.sk.startsWith(sessionPrefix)) return item;
  const { success, data } = Session.safeParse(item);
  return success ? { ...item, lastUsedAtSeconds: displayLastUseSeconds(data, session.id) } : item;
}

function show(kind: Kind, item: Record<string, unknown>, { id }: Customer): Record<string, unknown> {
  const fields = exportedFields(kind).map(({ stored, shown }) => {
    const value = stored === kind.image ? toImageUrl(id, z.string().nullable().parse(item[stored])) : item[stored];
    const unit = typeof value === 'number' ? time.exec(stored)?.[1] : undefined;
    return [shown, unit ? isoTime(Number(value) / (unit === 'Ms' ? 1000 : 1)) : (value ?? null)];
  });
  return Object.fromEntries(fields);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
