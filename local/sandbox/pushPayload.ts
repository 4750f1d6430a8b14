import * as z from 'zod';
import { messageAttributesOf, type Query } from './snsProtocol.ts';

/** A push as a phone would show it. */
export interface ReadPush {
  title: string;
  body: string;
  badge: number | null;
  data: Record<string, unknown>;
  /** The payload for the platform. `attributes` are the SNS message attributes. */
  message: unknown;
  attributes: Record<string, string>;
}

/** The limit of Firebase and Apple. */
const mostBytes = 4_096;

const Fcm = z.object({
  fcmV1Message: z.object({
    validate_only: z.boolean().optional(),
    message: z.object({
      notification: z.object({ title: z.string(), body: z.string() }),
      data: z.record(z.string(), z.string()).default({}),
      android: z.object({ notification: z.object({ notification_count: z.int().optional() }).optional() }).optional(),
    }),
  }),
});

const Apns = z.looseObject({
  aps: z.object({
    alert: z.object({ title: z.string(), body: z.string() }),
    badge: z.int().optional(),
  }),
});

/** Reads a publication to a push endpoint. Returns an error text if it is invalid. */
export function readPush(query: Query, platform: string): ReadPush | string {
  const attributes = messageAttributesOf(query);
  const text = query.get('Message') ?? '';
  if (query.get('MessageStructure') !== 'json') {
    return { title: '', body: text, badge: null, data: {}, message: text, attributes };
  }
  const messages = parseJson(text);
  if (!isRecord(messages)) return 'Message Structure - JSON message body failed to parse';
  if (!('default' in messages)) return 'Message Structure - No default entry in JSON message body';
  const payload = messages[platform] ?? messages.default;
  if (typeof payload !== 'string') return 'Message Structure - The values of the JSON message body must be strings';
  if (Buffer.byteLength(payload) > mostBytes)
    return `Message Reason: The payload for ${platform} is longer than ${mostBytes} bytes`;
  const message = parseJson(payload);
  const content = platform === 'GCM' ? readFcm(message) : readApns(message);
  return content
    ? { ...content, message, attributes }
    : `Message Reason: Invalid notification for protocol ${platform}`;
}

type PushContent = Omit<ReadPush, 'message' | 'attributes'>;

function readFcm(payload: unknown): PushContent | undefined {
  const { data: parsed } = Fcm.safeParse(payload);
  if (!parsed) return undefined;
  const { notification, data, android } = parsed.fcmV1Message.message;
  return { ...notification, data, badge: android?.notification?.notification_count ?? null };
}

function readApns(payload: unknown): PushContent | undefined {
  const { data: parsed } = Apns.safeParse(payload);
  if (!parsed) return undefined;
  const { aps, ...data } = parsed;
  return { ...aps.alert, badge: aps.badge ?? null, data };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
