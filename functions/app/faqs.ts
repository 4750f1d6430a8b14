import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { faqs } from '../../lib/repositories/content.ts';
import { Faq, showFaq } from '../../lib/schemas/content.ts';

export const handler = endpoint(
  {
    operationId: 'listFaqs',
    tag: 'app',
    summary: "Frequently asked questions, in the operators' order.",
    description: 'Questions and answers for the help page of the app.',
    returns: { 200: z.array(Faq) },
    cacheControl: 'public, max-age=60',
  },
  async ({ language }) => (await faqs()).map((faq) => showFaq(faq, language)),
);
