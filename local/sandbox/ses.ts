import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { Messages } from './messages.ts';
import type { Faults } from './sns.ts';

const Text = z.object({ Data: z.string(), Charset: z.string().default('UTF-8') });

/** The part of SendEmail that this project uses: one recipient and Simple content. */
const SendEmail = z.object({
  FromEmailAddress: z.string().regex(/^[\x20-\x7e]+$/),
  Destination: z.object({ ToAddresses: z.array(z.string()).length(1) }),
  Content: z.object({ Simple: z.object({ Subject: Text, Body: z.object({ Text, Html: Text }) }) }),
  ConfigurationSetName: z.string().optional(),
});

/** Receives the events of SES as SNS hands them to a function. */
export type EmailListener = (event: { Records: { Sns: { Message: string } }[] }) => unknown;

/** Longest text of an e-mail, in bytes, with everything in it. */
const mostBytes = 40 * 1024 * 1024;

/**
 * Emulates the part of SES v2 that this project uses. It delivers every e-mail to the inbox, but
 * the addresses of the mailbox simulator bounce and complain.
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
 */
export function sesSandbox(messages: Messages, faults: () => Faults, listener: () => EmailListener): Hono {
  return new Hono().post('/v2/email/outbound-emails', async (context) => {
    if (faults().silence) await new Promise(() => undefined);
    const { internal_error, quota, throttling, rejected } = faults();
    if (internal_error) return failure(context, 500, 'InternalFailure', 'The request processing has failed.');
    if (quota) return failure(context, 429, 'TooManyRequestsException', 'Daily message quota exceeded.');
    if (Math.random() < Number(throttling)) {
      return failure(context, 429, 'TooManyRequestsException', 'Maximum sending rate exceeded.');
    }
    const body = await context.req.text();
    const { data: email, error } = SendEmail.safeParse(parseJson(body));
    if (!email) return failure(context, 400, 'BadRequestException', z.prettifyError(error));
    if (Buffer.byteLength(body) > mostBytes)
      return failure(context, 400, 'BadRequestException', 'Message length is more than 41943040 bytes long');
    const [to = ''] = email.Destination.ToAddresses;
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(to)) {
      return failure(context, 400, 'BadRequestException', 'Invalid email address');
    }
    if (rejected.includes(to)) return failure(context, 400, 'MessageRejected', 'Message rejected');
    const MessageId = randomUUID();
    const { Subject: subject, Body } = email.Content.Simple;
    const event = eventOf(to, { messageId: MessageId, destination: [to], timestamp: new Date().toISOString() });
    if (event?.eventType !== 'Bounce') {
      const payload = { subject: subject.Data, html: Body.Html.Data };
      messages.deliver({ kind: 'email', to, text: Body.Text.Data, payload });
    }
    if (event && email.ConfigurationSetName) {
      const notification = { Records: [{ Sns: { Message: JSON.stringify(event) } }] };
      // SES reports an event after its response.
      setTimeout(0).then(() => listener()(notification));
    }
    return context.json({ MessageId });
  });
}

/** SES v2 names an error in a header. */
function failure(context: Context, status: 400 | 429 | 500, code: string, message: string): Response {
  return context.json({ message }, status, { 'x-amzn-errortype': `${code}:http://internal.amazon.com/coral/` });
}

/**
 * Returns the event that SES publishes for an address of its mailbox simulator, also with a label:
 * `bounce+label@simulator.amazonses.com`.
 */
function eventOf(to: string, mail: object) {
  const [, name] = /^(bounce|complaint)(?:\+[^@]*)?@simulator\.amazonses\.com$/.exec(to) ?? [];
  const recipients = [{ emailAddress: to }];
  if (name === 'bounce') {
    const bounce = { bounceType: 'Permanent', bounceSubType: 'General', bouncedRecipients: recipients };
    return { eventType: 'Bounce', bounce, mail };
  }
  if (name === 'complaint') {
    return {
      eventType: 'Complaint',
      complaint: { complaintFeedbackType: 'abuse', complainedRecipients: recipients },
      mail,
    };
  }
  return undefined;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
