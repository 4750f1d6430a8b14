import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import * as z from 'zod';
import type { Messages } from './messages.ts';

/** Faults that tests and developers can switch on; each answers as SNS does. */
export const Faults = z.object({
  /** Every call is refused with `Throttling`. */
  throttling: z.boolean().default(false),
  /** Every call fails with a 500. */
  internal_error: z.boolean().default(false),
  /** No call is ever answered. */
  silence: z.boolean().default(false),
  /** These numbers have opted out of SMS. */
  opted_out: z.array(z.string()).default([]),
});
export type Faults = z.infer<typeof Faults>;

const namespace = 'http://sns.amazonaws.com/doc/2010-03-31/';

/**
 * SNS as far as this project uses it: its query protocol, spoken to the unchanged SDK.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function snsSandbox(messages: Messages, faults: () => Faults): Hono {
  return new Hono().post('/', async (context) => {
    const form = new URLSearchParams(await context.req.text());
    if (faults().silence) await new Promise(() => undefined);
    const answer = call(form, messages, faults());
    context.header('content-type', 'text/xml');
    return context.body(answer.xml, answer.status);
  });
}

interface Answer {
  status: 200 | 400 | 500;
  xml: string;
}

function call(form: URLSearchParams, messages: Messages, faults: Faults): Answer {
  if (faults.internal_error) return failure(500, 'InternalFailure', 'The request processing has failed.');
  if (faults.throttling) return failure(400, 'Throttling', 'Rate exceeded');
  const action = form.get('Action');
  if (action === 'Publish') return publish(form, messages, faults);
  return failure(400, 'InvalidAction', `The action ${action} is not valid for this endpoint.`);
}

function publish(form: URLSearchParams, messages: Messages, faults: Faults): Answer {
  const to = form.get('PhoneNumber');
  const text = form.get('Message') ?? '';
  if (!to || !/^\+[1-9]\d{6,14}$/.test(to)) {
    return failure(400, 'InvalidParameter', `Invalid parameter: PhoneNumber Reason: ${to} is not valid to publish to`);
  }
  if (!text) return failure(400, 'InvalidParameter', 'Invalid parameter: Empty message');
  if (faults.opted_out.includes(to)) return failure(400, 'OptedOut', `${to} has opted out of receiving messages.`);
  const { id } = messages.deliver({ kind: 'sms', to, text, payload: attributes(form) });
  return success('Publish', `<MessageId>${id}</MessageId>`);
}

/** `MessageAttributes.entry.1.Name` and so on, as an object. */
function attributes(form: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (let entry = 1; form.has(`MessageAttributes.entry.${entry}.Name`); entry++) {
    const prefix = `MessageAttributes.entry.${entry}`;
    found[form.get(`${prefix}.Name`) ?? ''] = form.get(`${prefix}.Value.StringValue`) ?? '';
  }
  return found;
}

function success(action: string, result: string): Answer {
  const metadata = `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>`;
  return {
    status: 200,
    xml: `<${action}Response xmlns="${namespace}"><${action}Result>${result}</${action}Result>${metadata}</${action}Response>`,
  };
}

function failure(status: 400 | 500, code: string, message: string): Answer {
  const type = status === 500 ? 'Receiver' : 'Sender';
  return {
    status,
    xml: `<ErrorResponse xmlns="${namespace}"><Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  };
}
