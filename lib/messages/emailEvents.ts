import * as z from 'zod';
import { emailAddress } from '../customers/personFields.ts';
import { logger } from '../logger.ts';
import { suppressEmail } from './suppressedEmails.ts';

const Recipients = z.array(z.object({ emailAddress: z.string() }));

/**
 * The part of an SES event that we use. Other kinds of events have neither field.
 * @see https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
const EmailEvent = z.object({
  bounce: z.object({ bounceType: z.string(), bouncedRecipients: Recipients }).optional(),
  complaint: z.object({ complaintFeedbackType: z.string().nullish(), complainedRecipients: Recipients }).optional(),
});

/**
 * Suppresses the addresses of a permanent bounce or of a complaint. A temporary bounce, such as a
 * full mailbox, and a mailbox that reports "not spam" change nothing.
 */
export async function followEmailEvent(message: string): Promise<void> {
  const { bounce, complaint } = EmailEvent.parse(JSON.parse(message));
  const bounced = bounce?.bounceType === 'Permanent' ? bounce.bouncedRecipients : [];
  const isSpam = complaint?.complaintFeedbackType !== 'not-spam';
  const complained = complaint && isSpam ? complaint.complainedRecipients : [];
  await Promise.all([suppressAll(bounced, 'bounce'), suppressAll(complained, 'complaint')]);
}

async function suppressAll(recipients: z.infer<typeof Recipients>, reason: 'bounce' | 'complaint'): Promise<void> {
  await Promise.all(recipients.map(({ emailAddress: address }) => suppressEmail(normalize(address), reason)));
  if (recipients.length > 0) logger.info('email_suppressed', { reason, recipients: recipients.length });
}

/** SES may return an address as `Name <address>`. */
function normalize(address: string): string {
  const bare = /<([^>]*)>\s*$/.exec(address)?.[1] ?? address;
  return emailAddress().safeParse(bare).data ?? bare.trim().toLowerCase();
}
