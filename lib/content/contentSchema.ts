import * as z from 'zod';
import type { Language } from '../languages.ts';
import type * as content from './contentRepository.ts';

const text = z.string().describe('In the language of the request. It may contain HTML that is safe to show.');

export const AppInfo = z
  .object({
    about_us: text,
    terms: text,
    policy: text,
    minimum_version: z
      .object({
        android: z.string().describe('The oldest version of the Android app, such as `2.3.0`.'),
        ios: z.string().describe('The oldest version of the iOS app, such as `2.3.0`.'),
      })
      .meta({
        id: 'MinimumVersion',
        description: 'The oldest versions that still work. Older apps should ask for an update.',
      }),
    maintenance: z.boolean().describe('Whether the shop is closed for maintenance.'),
  })
  .meta({ id: 'AppInfo', description: 'Texts and switches of the app.' });

export const SocialAccounts = z
  .object({
    email: z.string().describe('The e-mail address for customers’ questions.'),
    phone_number: z.string().describe('E.164.'),
    instagram: z.string().describe('URL of the Instagram profile.'),
    tiktok: z.string().describe('URL of the TikTok profile.'),
    website: z.string().describe('URL of the web site.'),
  })
  .meta({ id: 'SocialAccounts', description: 'Ways to reach the shop.' });

export const Faq = z
  .object({ question: z.string().describe('Plain text, in the language of the request.'), answer: text })
  .meta({ id: 'Faq', description: 'A frequently asked question.' });

export function showAppInfo(
  { aboutUs, terms, policy, minimumVersion, maintenance }: content.AppContent,
  language: Language,
): z.infer<typeof AppInfo> {
  return {
    about_us: aboutUs[language],
    terms: terms[language],
    policy: policy[language],
    minimum_version: minimumVersion,
    maintenance,
  };
}

export function showSocialAccounts({
  email,
  phoneNumber,
  instagram,
  tiktok,
  website,
}: content.AppContent): z.infer<typeof SocialAccounts> {
  return { email, phone_number: phoneNumber, instagram, tiktok, website };
}

export function showFaq({ question, answer }: content.Faq, language: Language): z.infer<typeof Faq> {
  return { question: question[language], answer: answer[language] };
}
