import * as z from 'zod';
import { text } from '../http/fields.ts';

/** Long enough for any token of ours, and short enough to check quickly. */
export const refreshToken = text({ max: 4_096 }).describe('The newest refresh token of the session.');

export const Tokens = z.object({
  access: z
    .string()
    .describe('The access token for `Authorization: Bearer …`. It expires after 15 minutes by default.'),
  refresh: z
    .string()
    .describe(
      'The refresh token for refresh_token_create. It is replaced at each refresh and expires after 30 days without use, by default.',
    ),
});
