import * as z from 'zod';
import * as content from '../lib/repositories/content.ts';
import { clean, plain } from './html.ts';
import { compare, type Plan } from './plan.ts';
import { Refusal } from './refusal.ts';

/** What one item of the table can hold, with room to spare. */
const mostBytes = 350_000;

/** Plans to load what apps show of the shop. */
export async function planAppContent(wanted: content.AppContent): Promise<Plan> {
  const checked = check('The content of the app', content.AppContent, wanted);
  const { aboutUs, terms, policy } = checked;
  const after = {
    ...checked,
    aboutUs: inEveryLanguage(aboutUs, clean),
    terms: inEveryLanguage(terms, clean),
    policy: inEveryLanguage(policy, clean),
  };
  const before = await content.storedAppContent();
  const withCode = (value: content.AppContent | undefined) => (value ? [{ code: 'app', ...value }] : []);
  return withWrites(compare('app content', withCode(before), withCode(after)), () => content.saveAppContent(after));
}

/** Plans to load the frequently asked questions; another order is a change as well. */
export async function planFaqs(wanted: content.Faq[]): Promise<Plan> {
  const checked = check('The list of FAQs', z.array(content.Faq), wanted);
  const after = checked.map(({ question, answer }) => ({
    question: inEveryLanguage(question, plain),
    answer: inEveryLanguage(answer, clean),
  }));
  const withCode = (list: content.Faq[]) => list.map((faq, position) => ({ code: faq.question.en, position, ...faq }));
  const before = await content.storedFaqs();
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

/** @throws {Refusal} that names what is wrong, before anything is written */
function check<S extends z.ZodType>(what: string, schema: S, wanted: z.input<S>): z.output<S> {
  const { data, error } = schema.safeParse(wanted);
  const [issue] = error?.issues ?? [];
  if (issue) throw new Refusal(`${what} is wrong at "${issue.path.join('.')}": ${issue.message}.`);
  if (Buffer.byteLength(JSON.stringify(data)) > mostBytes)
    throw new Refusal(`${what} is longer than ${mostBytes} bytes.`);
  return data as z.output<S>;
}

type Texts = Record<'en' | 'ar', string>;

function inEveryLanguage({ en, ar }: Texts, change: (text: string) => string): Texts {
  return { en: change(en), ar: change(ar) };
}
