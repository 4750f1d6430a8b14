import * as z from 'zod';

const phone = z.string().regex(/^\+[1-9]\d{6,14}$/);

export const SmsApp = z.discriminatedUnion('platform', [
  /** `hash`: the 11 characters that Android's SMS Retriever looks for at the end of a message. */
  z.object({ app_id: z.string(), platform: z.literal('android'), hash: z.string().regex(/^[A-Za-z0-9+/]{11}$/) }),
  /** `domain`: what an iOS app or a web page is bound to, for the `@domain #code` line. */
  z.object({ app_id: z.string(), platform: z.enum(['ios', 'web']), domain: z.hostname() }),
]);
export type SmsApp = z.infer<typeof SmsApp>;

export const TestNumber = z.object({ phone_number: phone, otp: z.string().regex(/^\d{6}$/), until: z.iso.date() });
export type TestNumber = z.infer<typeof TestNumber>;
