import * as z from 'zod';
import { text } from './fields.ts';

/** Long enough for any token of ours, short enough to check at no cost. */
export const token = text({ max: 4_096 });

export const Tokens = z.object({
  access: z.string().describe('For the Authorization header.'),
  refresh: z.string().describe('For new tokens; each one works once.'),
});
