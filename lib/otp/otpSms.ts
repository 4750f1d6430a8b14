import { config } from '../config/config.ts';
import { ConfigurationError } from '../config/env.ts';
import type { SmsApp } from '../config/smsSettings.ts';
import type { Language } from '../languages.ts';

type Text = (code: string, brand: string) => string;

/** Each with a shorter way to say it, for the 70 characters that an Arabic message has. */
const texts: Record<Language, readonly Text[]> = {
  en: [
    (code, brand) => `${code} is your ${brand} code. Never share it.`,
    (code, brand) => `${code} is your ${brand} code`,
  ],
  ar: [(code, brand) => `${code} هو رمزك في ${brand}. لا تشاركه.`, (code, brand) => `${code} رمز ${brand}`],
};

/**
 * The SMS with a code, in one segment. The last line is for automatic code entry and comes from the configuration
 * alone: text from a request in a message would let anyone send messages in the shop's name.
 * @throws ConfigurationError when the shop's name and the app's line do not fit into one segment
 */
export function composeOtpSms(code: string, language: Language, appId: string | undefined): string {
  const app = config.smsApps.find(({ app_id }) => app_id === appId);
  const lines = app ? [autofillLine(app, code)] : [];
  const candidates = texts[language].map((text) => [text(code, config.brandName), ...lines].join('\n'));
  const message = candidates.find(fitsOneSegment);
  if (message) return message;
  throw new ConfigurationError('BRAND_NAME and the lines of SMS_APPS are too long for an SMS of one segment.');
}

/**
 * @see https://developers.google.com/identity/sms-retriever/verify the hash that Android looks for
 * @see https://wicg.github.io/sms-one-time-codes/ the line that iOS and browsers look for
 */
function autofillLine(app: SmsApp, code: string): string {
  return app.platform === 'android' ? app.hash : `@${app.domain} #${code}`;
}

/** GSM 03.38: its basic characters take one of 160 places; its extension, behind an escape, takes two. */
const gsmBasic = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]$/;
const gsmExtension = /^[\f^{}\\[~\]|€]$/;

/** Whether a text is one SMS: 160 GSM-7 places, or 70 UTF-16 units where one character is outside GSM-7. */
export function fitsOneSegment(text: string): boolean {
  let places = 0;
  for (const character of text) {
    if (gsmBasic.test(character)) places += 1;
    else if (gsmExtension.test(character)) places += 2;
    else return text.length <= 70;
  }
  return places <= 160;
}
