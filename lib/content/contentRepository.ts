import * as z from 'zod';
import { cached } from '../cached.ts';
import { appContentKey, faqsKey, type Key } from '../table/keys.ts';
import { readAll, write } from '../table/table.ts';

const inEveryLanguage = z.object({ en: z.string(), ar: z.string() });
const version = z.string().regex(/^\d+(\.\d+){0,3}$/);

/** Content of the apps. Texts may contain HTML, which was sanitised when it was loaded. */
export const AppContent = z.object({
  aboutUs: inEveryLanguage,
  terms: inEveryLanguage,
  policy: inEveryLanguage,
  email: z.union([z.email(), z.literal('')]),
  /** E.164. */
  phoneNumber: z.union([z.e164(), z.literal('')]),
  instagram: z.union([z.url(), z.literal('')]),
  tiktok: z.union([z.url(), z.literal('')]),
  website: z.union([z.url(), z.literal('')]),
  minimumVersion: z.object({ android: version, ios: version }),
  maintenance: z.boolean(),
});
export type AppContent = z.infer<typeof AppContent>;

export const Faq = z.object({ question: inEveryLanguage, answer: inEveryLanguage });
export type Faq = z.infer<typeof Faq>;
const Faqs = z.object({ faqs: z.array(Faq) });

const noText = { en: '', ar: '' };
const empty: AppContent = {
  aboutUs: noText,
  terms: noText,
  policy: noText,
  email: '',
  phoneNumber: '',
  instagram: '',
  tiktok: '',
  website: '',
  minimumVersion: { android: '0', ios: '0' },
  maintenance: false,
};

export const appContent = cached(async () => (await readStoredAppContent()) ?? empty);
export const faqs = cached(readStoredFaqs);

export function readStoredAppContent(): Promise<AppContent | undefined> {
  return read(appContentKey, AppContent);
}

export async function readStoredFaqs(): Promise<Faq[]> {
  return (await read(faqsKey, Faqs))?.faqs ?? [];
}

export function saveAppContent(content: AppContent): Promise<unknown> {
  return write({ kind: 'put', key: appContentKey, item: content });
}

/** Replaces all FAQs in one item, so that readers see the old list or the new one. */
export function saveFaqs(list: Faq[]): Promise<unknown> {
  return write({ kind: 'put', key: faqsKey, item: { faqs: list } });
}

async function read<S extends z.ZodType>(key: Key, as: S): Promise<z.output<S> | undefined> {
  const [item] = await readAll([{ key, as }]);
  return item as z.output<S> | undefined;
}
