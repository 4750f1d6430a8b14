import { messageAttributes } from '../aws/snsQuery.ts';
import { daySeconds } from '../clock.ts';
import type { Device } from '../devices/device.ts';
import type { Notification } from './notificationRepository.ts';

/** The limit of both Firebase and Apple, in bytes of JSON. */
const mostBytes = 4_096;

/** Firebase keeps a message for four weeks at most. */
const mostSecondsAtFirebase = 28 * daySeconds;

export interface Push {
  notification: Pick<Notification, 'id' | 'type' | 'title' | 'body' | 'data'>;
  /** The time in which the platform may deliver the push. */
  ttlSeconds: number;
  /** The number on the app's icon: the unread notifications. */
  badge: number;
}

/**
 * Returns the parameters of SNS's Publish for a push, in the format of the platform, which the
 * endpoint's ARN names.
 */
export function publishParameters(type: Device['type'], endpoint: string, push: Push): Record<string, string> {
  const platform = endpoint.split('/')[1] ?? '';
  const message = platform === 'GCM' ? fcmMessage(type, push) : apnsMessage(push);
  // SNS names Apple's push type and collapse id alike for the sandbox and for production.
  const attributes = {
    [`AWS.SNS.MOBILE.${platform}.TTL`]: String(push.ttlSeconds),
    'AWS.SNS.MOBILE.APNS.PUSH_TYPE': 'alert',
    'AWS.SNS.MOBILE.APNS.PRIORITY': '10',
    'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': String(push.notification.id),
  };
  return {
    TargetArn: endpoint,
    MessageStructure: 'json',
    Message: JSON.stringify({ default: push.notification.title, [platform]: message }),
    ...(platform !== 'GCM' && messageAttributes(attributes)),
  };
}

/**
 * Returns Firebase's HTTP v1 message in the wrapping of SNS. The tag makes a repeated push replace
 * the first one.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-fcm-v1-payloads.html
 * @see https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */
function fcmMessage(type: Device['type'], { notification, ttlSeconds, badge }: Push): string {
  const tag = String(notification.id);
  const seconds = Math.min(ttlSeconds, mostSecondsAtFirebase);
  const link = notification.data.deep_link;
  const android = { priority: 'HIGH', ttl: `${seconds}s`, notification: { tag, notification_count: badge } };
  const webpush = {
    headers: { TTL: String(seconds), Urgency: 'high' },
    notification: { tag },
    ...(link?.startsWith('https://') && { fcm_options: { link } }),
  };
  return fitToLimit(notification.body, (body) => ({
    fcmV1Message: {
      validate_only: false,
      message: {
        notification: { title: notification.title, body },
        data: dataOf(notification),
        ...(type === 'web' ? { webpush } : { android }),
      },
    },
  }));
}

/** @see https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification */
function apnsMessage({ notification, badge }: Push): string {
  return fitToLimit(notification.body, (body) => ({
    ...dataOf(notification),
    aps: { alert: { title: notification.title, body }, badge, sound: 'default' },
  }));
}

function dataOf({ id, type, data }: Push['notification']): Record<string, string> {
  return { ...data, notification_id: String(id), notification_type: type };
}

/** Returns the JSON of a message. A body that is too long is cut after a whole grapheme. */
function fitToLimit(body: string, build: (body: string) => object): string {
  const whole = JSON.stringify(build(body));
  const excess = (json: string) => Buffer.byteLength(json) - mostBytes;
  if (excess(whole) <= 0) return whole;
  const graphemes = Array.from(new Intl.Segmenter().segment(body.slice(0, mostBytes)), ({ segment }) => segment);
  const cut = (count: number) => JSON.stringify(build(`${graphemes.slice(0, count).join('').trimEnd()}…`));
  let [fits, tooMany] = [0, graphemes.length];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (excess(cut(middle)) <= 0) fits = middle;
    else tooMany = middle;
  }
  return cut(fits);
}
