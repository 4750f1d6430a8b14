import { Hono } from 'hono';
import * as z from 'zod';
import type { Messages } from './messages.ts';
import { type Platforms, platformActions } from './platforms.ts';
import { failure, messageAttributesOf, type Query, type SnsAnswer, success } from './snsProtocol.ts';

/** Faults that tests and developers can switch on; each answers as SNS does. */
export const Faults = z.object({
  /**
   * Every call is refused with `Throttling`; a number from 0 to 1 is the share of calls that are.
   */
  throttling: z.union([z.boolean(), z.number().min(0).max(1)]).default(false),
  /** The same for calls to SSM. */
  ssm_throttling: z.union([z.boolean(), z.number().min(0).max(1)]).default(false),
  /** Every call is refused because the account has used up its quota of calls. */
  quota: z.boolean().default(false),
  /** Every call fails with a 500. */
  internal_error: z.boolean().default(false),
  /** No call is ever answered. */
  silence: z.boolean().default(false),
  /**
   * Calls to SNS, SSM and S3 are done, and their answers come so many seconds later; `true` is half
   * a minute.
   */
  late: z.union([z.boolean(), z.number().min(0)]).default(false),
  /** These numbers have opted out of SMS. */
  opted_out: z.array(z.string()).default([]),
  /**
   * The apps with these push tokens are gone: the first push is lost, and SNS disables the
   * endpoint.
   */
  uninstalled: z.array(z.string()).default([]),
  /** Publishing to these endpoints, by ARN, fails with a 500. */
  unreachable: z.array(z.string()).default([]),
});
export type Faults = z.infer<typeof Faults>;

/** What one call is made of. */
export interface Call {
  query: Query;
  messages: Messages;
  platforms: Platforms;
  faults: Faults;
}

/**
 * SNS as far as this project uses it: its query protocol, spoken to the unchanged SDK, with its own
 * errors and limits.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
 */
export function snsSandbox(state: Omit<Call, 'query' | 'faults'>, faults: () => Faults): Hono {
  return new Hono().post('/', async (context) => {
    const query = new URLSearchParams(await context.req.text());
    if (faults().silence) await new Promise(() => undefined);
    const answer = answerTo({ ...state, query, faults: faults() });
    context.header('content-type', 'text/xml');
    return context.body(answer.xml, answer.status);
  });
}

function answerTo(call: Call): SnsAnswer {
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
function getSmsAttributes(): SnsAnswer {
  return success('GetSMSAttributes', { attributes: { MonthlySpendLimit: '1' } });
}

/** @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
function publish(call: Call): SnsAnswer {
  const text = call.query.get('Message') ?? '';
  if (!text) return failure('InvalidParameter', 'Invalid parameter: Empty message');
  if (Buffer.byteLength(text) > 262_144) return failure('InvalidParameter', 'Invalid parameter: Message too long');
  return call.query.has('TargetArn') ? call.platforms.publish(call) : publishSms(call, text);
}

function publishSms({ query, messages, faults }: Call, text: string): SnsAnswer {
  const to = query.get('PhoneNumber');
  if (!to || !/^\+[1-9]\d{6,14}$/.test(to)) {
    return failure('InvalidParameter', `Invalid parameter: PhoneNumber Reason: ${to} is not valid to publish to`);
  }
  if (faults.opted_out.includes(to)) return failure('OptedOut', `${to} has opted out of receiving messages.`);
  const { id } = messages.deliver({ kind: 'sms', to, text, payload: messageAttributesOf(query) });
  return success('Publish', { MessageId: id });
}
