import { config } from '../config/config.ts';
import type { Language, Texts } from '../languages.ts';
import { layOutEmail } from '../messages/emailLayout.ts';

const purposes = {
  email_verification: {
    en: 'Enter this code in the app to confirm your e-mail address:',
    ar: 'أدخل هذا الرمز في التطبيق لتأكيد بريدك الإلكتروني:',
  },
  second_proof: {
    en: 'Enter this code in the app to sign in to your account on a new phone:',
    ar: 'أدخل هذا الرمز في التطبيق لتسجيل الدخول إلى حسابك من هاتف جديد:',
  },
  password_reset: {
    en: 'Enter this code in the app to set a new password:',
    ar: 'أدخل هذا الرمز في التطبيق لتعيين كلمة مرور جديدة:',
  },
} as const satisfies Record<string, Texts>;

export type EmailOtpType = keyof typeof purposes;

const subjects: Record<Language, (code: string) => string> = {
  en: (code) => `${code} is your ${config.brandName} code`,
  ar: (code) => `${code} هو رمزك في ${config.brandName}`,
};

const warnings: Record<Language, (minutes: string) => readonly string[]> = {
  en: (minutes) => [
    `The code works once and expires in ${minutes}. Never share it.`,
    'If you did not request it, ignore this e-mail.',
  ],
  ar: (minutes) => [
    `يُستخدم الرمز مرة واحدة وتنتهي صلاحيته خلال ${minutes}. لا تشاركه مع أحد.`,
    'إن لم تطلب هذا الرمز، فتجاهل هذه الرسالة.',
  ],
};

/** Arabic agrees the noun with its number, so the runtime composes both. */
const locales: Record<Language, string> = { en: 'en', ar: 'ar-u-nu-latn' };

function countMinutes(language: Language): string {
  const format = new Intl.NumberFormat(locales[language], { style: 'unit', unit: 'minute', unitDisplay: 'long' });
  return format.format(Math.ceil(config.otpSeconds / 60));
}

/**
 * Returns the e-mail for an OTP. The first line of its text has the code, and its last line lets
 * mail apps fill the code in.
 * @see https://wicg.github.io/sms-one-time-codes/ the format of the last line
 */
export function composeOtpEmail(code: string, type: EmailOtpType, language: Language) {
  const subject = subjects[language](code);
  const purpose = purposes[type][language];
  const others = warnings[language](countMinutes(language));
  const domain = config.emailCodeDomain;
  const autofill = domain ? [`@${domain} #${code}`] : [];
  return {
    subject,
    text: [subject, [purpose, code].join(' '), ...others, ...autofill].join('\n\n'),
    html: layOutEmail({ language, subject, code, paragraphs: [purpose, ...others] }),
  };
}
