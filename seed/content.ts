import * as z from 'zod';
import * as content from '../lib/content/contentRepository.ts';
import { check } from './files.ts';
import { clean, plain } from './html.ts';
import { compare, type Plan } from './plan.ts';

/** The size limit of a text item, well below DynamoDB's 400 KB. */
const mostBytes = 350_000;
const fits = (value: unknown) => Buffer.byteLength(JSON.stringify(value)) <= mostBytes;
const tooLong = `it is longer than ${mostBytes} bytes`;

const inEveryLanguage = (text: z.ZodType<string>) => z.strictObject({ en: text, ar: text });
const holdsText = (text: string) => plain(text).trim() !== '';
const html = z.string().transform(clean);
const link = z.union([z.literal(''), z.url({ protocol: /^https?$/, error: 'it is no address by https or http' })]);

const { shape } = content.AppContent;
const AppContent = z
  .strictObject({
    ...shape,
    aboutUs: inEveryLanguage(html),
    terms: inEveryLanguage(html),
    policy: inEveryLanguage(html),
    instagram: link,
    tiktok: link,
    website: link,
    minimumVersion: shape.minimumVersion.strict(),
  })
  .refine(fits, tooLong);

const question = z.string().transform(plain).refine(holdsText, 'it holds no text');
const answer = html.refine(holdsText, 'it holds no text');
const Faqs = z
  .array(z.strictObject({ question: inEveryLanguage(question), answer: inEveryLanguage(answer) }))
  .superRefine((faqs, context) => {
    for (const [index, { question }] of faqs.entries()) {
      const first = faqs.findIndex((faq) => faq.question.en === question.en);
      const message = `it is the same question as that of faqs[${first}]`;
      if (first < index) context.addIssue({ code: 'custom', path: [index, 'question', 'en'], message });
    }
  })
  .refine(fits, tooLong);

export async function planAppContent(input: unknown): Promise<Plan> {
  const after = check('app', AppContent, input);
  const before = await content.readStoredAppContent();
  const withCode = (value: content.AppContent | undefined) => (value ? [{ code: 'app', ...value }] : []);
  return withWrites(compare('app content', withCode(before), withCode(after)), () => content.saveAppContent(after));
}

/** Plans to load the frequently asked questions. A new order is also a change. */
export async function planFaqs(input: unknown): Promise<Plan> {
  const after = check('faqs', Faqs, input);
  const before = await content.readStoredFaqs();
  const withCode = (list: content.Faq[]) => list.map((faq, position) => ({ code: faq.question.en, position, ...faq }));
  return withWrites(compare('faqs', withCode(before), withCode(after)), () => content.saveFaqs(after));
}

function withWrites(changes: Plan, save: () => Promise<unknown>): Plan {
  if (changes.added + changes.changed + changes.removed === 0) return changes;
  return {
    ...changes,
    writes: 1,
    apply: async (written) => {
      await save();
      written(1);
    },
  };
}
