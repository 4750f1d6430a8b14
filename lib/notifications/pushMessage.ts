import type { PublishCommandInput } from '@aws-sdk/client-sns';
import type { Device } from '../devices/device.ts';
import type { Notification } from './notificationRepository.ts';

/** What both Firebase and Apple take, in bytes of JSON. */
const mostBytes = 4_096;

/** Firebase keeps a message for four weeks at most. */
const mostSecondsAtFirebase = 28 * 86_400;

export interface Push {
  notification: Pick<Notification, 'id' | 'type' | 'title' | 'body' | 'data'>;
  /** For how long the platform may try to deliver it. */
  ttlSeconds: number;
  /** What stands on the icon of the app: how many notifications are unread. */
  badge: number;
}

/** What SNS is asked to publish to an endpoint, in the words of its platform, which is part of its ARN. */
export function makePublishInput(type: Device['type'], endpoint: string, push: Push): PublishCommandInput {
  const platform = endpoint.split('/')[1] ?? '';
  const message = platform === 'GCM' ? fcmMessage(type, push) : apnsMessage(push);
  const text = { DataType: 'String' };
  const attributes = { TTL: push.ttlSeconds, PUSH_TYPE: 'alert', PRIORITY: 10, COLLAPSE_ID: push.notification.id };
  return {
    TargetArn: endpoint,
    MessageStructure: 'json',
    Message: JSON.stringify({ default: push.notification.title, [platform]: message }),
    ...(platform !== 'GCM' && {
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [
          // Apple's push type and collapse id have no name of their own for the sandbox.
          `AWS.SNS.MOBILE.${name === 'TTL' ? platform : 'APNS'}.${name}`,
          { ...text, StringValue: String(value) },
        ]),
      ),
    }),
  };
}

/**
 * Firebase's HTTP v1 message, as SNS wraps it. The tag lets a push that comes twice take the place of the first.
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
  return fitted(notification.body, (body) => ({
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
  return fitted(notification.body, (body) => ({
    ...dataOf(notification),
    aps: { alert: { title: notification.title, body }, badge, sound: 'default' },
  }));
}

function dataOf({ id, type, data }: Push['notification']): Record<string, string> {
  return { ...data, notification_id: String(id), notification_type: type };
}

/** The JSON of a message, its body cut behind a whole grapheme where it would be too long. */
function fitted(body: string, build: (body: string) => object): string {
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
