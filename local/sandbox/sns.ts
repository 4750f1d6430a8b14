import { Hono } from 'hono';
import * as z from 'zod';
import type { Messages } from './messages.ts';
import { type Platforms, platformActions } from './platforms.ts';
import { failure, messageAttributesOf, type Query, type SnsResponse, success } from './snsProtocol.ts';

/** Faults that tests and developers can switch on. Responses match those of the services. */
export const Faults = z.object({
  /** Rejects all calls with `Throttling`, or this share of them, from 0 to 1. */
  throttling: z.union([z.boolean(), z.number().min(0).max(1)]).default(false),
  /** Rejects calls to SSM in the same way. */
  ssm_throttling: z.union([z.boolean(), z.number().min(0).max(1)]).default(false),
  /** Rejects all calls, because the account has used up its quota. */
  quota: z.boolean().default(false),
  internal_error: z.boolean().default(false),
  silence: z.boolean().default(false),
  /**
   * Delays the responses of SNS, SES, SSM and S3 by this many seconds, after the calls succeeded.
   * `true` is 30 seconds.
   */
  late: z.union([z.boolean(), z.number().min(0)]).default(false),
  opted_out: z.array(z.string()).default([]),
  /** The e-mail addresses to which SES rejects e-mails. */
  rejected: z.array(z.string()).default([]),
  /** Push tokens of deleted apps. The first push is lost, and SNS disables the push endpoint. */
  uninstalled: z.array(z.string()).default([]),
  /** The ARNs of push endpoints for which publishing fails with a 500. */
  unreachable: z.array(z.string()).default([]),
});
export type Faults = z.infer<typeof Faults>;

export interface Call {
  query: Query;
  messages: Messages;
  platforms: Platforms;
  faults: Faults;
}

/**
 * Emulates the part of SNS that this project uses. It supports the query protocol of the unchanged
 * SDK, with the errors and limits of SNS.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
 */
export function snsSandbox(state: Omit<Call, 'query' | 'faults'>, faults: () => Faults): Hono {
  return new Hono().post('/', async (context) => {
    const query = new URLSearchParams(await context.req.text());
    if (faults().silence) await new Promise(() => undefined);
    const response = respond({ ...state, query, faults: faults() });
    context.header('content-type', 'text/xml');
    return context.body(response.xml, response.status);
  });
}

function respond(call: Call): SnsResponse {
  const { throttling, quota, internal_error, unreachable } = call.faults;
  const action = call.query.get('Action') ?? '';
  call.platforms.calls.push(action);
  if (internal_error || unreachable.includes(call.query.get('TargetArn') ?? ''))
    return failure('InternalFailure', 'The request processing has failed.', 500);
  if (quota) return failure('Throttled', 'Rate exceeded', 429);
  if (Math.random() < Number(throttling)) return failure('Throttling', 'Rate exceeded');
  const act = { ...platformActions, Publish: publish, GetSMSAttributes: getSmsAttributes }[action];
  return act ? act(call) : failure('InvalidAction', `The action ${action} is not valid for this endpoint.`);
}

/** @see https://docs.aws.amazon.com/sns/latest/api/API_GetSMSAttributes.html */
function getSmsAttributes(): SnsResponse {
  return success('GetSMSAttributes', { attributes: { MonthlySpendLimit: '1' } });
}

/** @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
function publish(call: Call): SnsResponse {
  const text = call.query.get('Message') ?? '';
  if (!text) return failure('InvalidParameter', 'Invalid parameter: Empty message');
  if (Buffer.byteLength(text) > 262_144) return failure('InvalidParameter', 'Invalid parameter: Message too long');
  return call.query.has('TargetArn') ? call.platforms.publish(call) : publishSms(call, text);
}

function publishSms({ query, messages, faults }: Call, text: string): SnsResponse {
  const to = query.get('PhoneNumber');
  if (!to || !/^\+[1-9]\d{6,14}$/.test(to)) {
    return failure('InvalidParameter', `Invalid parameter: PhoneNumber Reason: ${to} is not valid to publish to`);
  }
  if (faults.opted_out.includes(to)) return failure('OptedOut', `${to} has opted out of receiving messages.`);
  const { id } = messages.deliver({ kind: 'sms', to, text, payload: messageAttributesOf(query) });
  return success('Publish', { MessageId: id });
}
