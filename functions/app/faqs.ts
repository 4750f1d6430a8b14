import * as z from 'zod';
import { faqs } from '../../lib/content/contentRepository.ts';
import { Faq, showFaq } from '../../lib/content/contentSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    operationId: 'listFaqs',
    tag: 'app',
    summary: "List the frequently asked questions, in the operators' order.",
    description: 'Questions and answers for the help page of the app.',
    returns: { 200: z.array(Faq) },
    cacheControl: 'public, max-age=60',
  },
  async ({ language }) => (await faqs()).map((faq) => showFaq(faq, language)),
);
