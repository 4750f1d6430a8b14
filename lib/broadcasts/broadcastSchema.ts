import * as z from 'zod';
import type { BroadcastRequest } from '../broadcasts/begin.ts';
import { daySeconds } from '../clock.ts';
import { choice, code, text } from '../http/fields.ts';
import { languages } from '../languages.ts';
import { notificationTypes } from '../notifications/notificationRepository.ts';
import { optionalOperatorFields } from '../operators/operatorSchema.ts';

const mostDataBytes = 2_048;
const yearSeconds = 365 * daySeconds;

/** Keys that the platforms or this service reserve. */
const reserved =
  /^(from|message_type|google\..*|gcm\..*|aps|notification|notification_id|notification_type|__proto__|constructor|)$/;
const isShowable = (text: string) => text.isWellFormed() && !text.includes('\0');

const inEveryLanguage = (max: number) => z.object({ en: text({ max }), ar: text({ max }) });

const Data = z
  .record(
    z.string().refine((key) => !reserved.test(key) && isShowable(key), code('invalid')),
    z.string().refine(isShowable, code('invalid')),
  )
  .refine(
    (data) => Buffer.byteLength(JSON.stringify(data)) <= mostDataBytes,
    code('max_length', { max: mostDataBytes }),
  )
  .describe('For the app; `deep_link` is what a tap opens.');

const audiences = ['customer_ids', 'all', 'country', 'language'] as const;

/**
 * The request of an operator. Its audience is one of `customer_ids`, `all`, `country` and
 * `language`.
 */
export const NotifyRequest = z
  .object({
    customer_ids: z.array(z.int().min(1)).min(1).max(10_000).optional(),
    all: z.literal(true).optional(),
    country: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z]{2}$/)
      .optional()
      .describe('ISO 3166-1 alpha-2.'),
    language: choice(languages).optional(),
    notification_type: choice(notificationTypes),
    title: inEveryLanguage(255),
    message_body: inEveryLanguage(4_000),
    data: Data.default({}),
    idempotency_key: text({ max: 255 }),
    ttl: z.int().min(1).max(yearSeconds).optional().describe('Seconds; as NOTIFICATION_SECONDS says without it.'),
    ...optionalOperatorFields,
  })
  .superRefine(
    (request, context) => {
      const given = audiences.filter((name) => request[name] !== undefined);
      if (given.length === 0) context.addIssue({ code: 'custom', path: [], ...code('required') });
      for (const name of given.slice(1)) context.addIssue({ code: 'custom', path: [name], ...code('invalid') });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  );
export type NotifyRequest = z.output<typeof NotifyRequest>;

export function toStoredRequest(request: NotifyRequest): BroadcastRequest {
  const { customer_ids, country, language, notification_type, title, message_body, data, idempotency_key, ttl } =
    request;
  const { operator, reason } = request;
  return {
    audience: customer_ids
      ? { customerIds: [...new Set(customer_ids)].sort((a, b) => a - b) }
      : { countryCode: country, language },
    type: notification_type,
    title,
    body: message_body,
    data,
    idempotencyKey: idempotency_key,
    ttlSeconds: ttl,
    operator: { operator, reason },
  };
}

export const Progress = z.object({
  idempotency_key: z.string(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  parts: z.int().describe('How many parts the work is done in.'),
  parts_done: z.int(),
  recipients: z.int().describe('Customers who have it in their list so far.'),
  unknown: z.int().describe('Ids without a customer so far.'),
  is_done: z.boolean(),
});
