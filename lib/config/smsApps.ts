import * as z from 'zod';

const phone = z.string().regex(/^\+[1-9]\d{6,14}$/);

export const SmsApp = z.discriminatedUnion('platform', [
  /** `hash` has 11 characters, which Android's SMS Retriever expects at the end of an SMS. */
  z.object({ app_id: z.string(), platform: z.literal('android'), hash: z.string().regex(/^[A-Za-z0-9+/]{11}$/) }),
  /** `domain` belongs to the iOS app or web page, for the line `@domain #code`. */
  z.object({ app_id: z.string(), platform: z.enum(['ios', 'web']), domain: z.hostname() }),
]);
export type SmsApp = z.infer<typeof SmsApp>;

export const TestNumber = z.object({ phone_number: phone, otp: z.string().regex(/^\d{6}$/), until: z.iso.date() });
export type TestNumber = z.infer<typeof TestNumber>;
