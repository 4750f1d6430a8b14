import type { Language, Texts } from '../languages.ts';

const texts = {
  waiting: {
    title: { en: 'Keep your phone number?', ar: 'هل تريد الاحتفاظ برقم هاتفك؟' },
    body: {
      en: 'A change of your account to another phone number was requested. If you did not request it, cancel it.',
      ar: 'طُلب نقل حسابك إلى رقم هاتف آخر. إن لم تطلب ذلك، فألغِ الطلب.',
    },
  },
  cancelled: {
    title: { en: 'The change was cancelled', ar: 'تم إلغاء الطلب' },
    body: {
      en: 'Your account keeps its phone number. Log out of all devices in the app, and contact us.',
      ar: 'سيبقى رقم هاتفك في حسابك. سجّل الخروج من جميع الأجهزة في التطبيق وتواصل معنا.',
    },
  },
  notWaiting: {
    title: { en: 'Nothing to cancel', ar: 'لا يوجد طلب لإلغائه' },
    body: {
      en: 'The change was cancelled or made already, or the link is incomplete.',
      ar: 'أُلغي الطلب أو نُفّذ من قبل، أو أن الرابط غير مكتمل.',
    },
  },
} as const satisfies Record<string, Record<'title' | 'body', Texts>>;

const button: Texts = { en: 'Cancel the change', ar: 'إلغاء الطلب' };

const style = `
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 4rem 1.5rem; max-width: 28rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
button { font: inherit; font-weight: 600; width: 100%; min-height: 3rem; border: 0; border-radius: .75rem; background: #b3261e; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid; outline-offset: 3px; }`;

/** Renders the page behind the link that cancels a change of the phone. */
export function phoneChangePage(state: keyof typeof texts, language: Language): string {
  const { title, body } = texts[state];
  // The form goes to the page's own URL, which has the secret.
  const form = state === 'waiting' ? `<form method="post"><button>${button[language]}</button></form>` : '';
  return `<!doctype html>
<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>${title[language]}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>${title[language]}</h1>
<p>${body[language]}</p>
${form}
</main>
</body>
</html>
`;
}
