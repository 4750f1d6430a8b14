import { config } from '../config/config.ts';
import { ConfigurationError } from '../config/env.ts';
import type { SmsApp } from '../config/smsApps.ts';
import type { Language } from '../languages.ts';

type Text = (code: string, brand: string) => string;

/** The texts of each language, the longest first. An Arabic SMS has only 70 characters. */
const texts: Record<Language, readonly Text[]> = {
  en: [
    (code, brand) => `${code} is your ${brand} code. Never share it.`,
    (code, brand) => `${code} is your ${brand} code`,
  ],
  ar: [(code, brand) => `${code} هو رمزك في ${brand}. لا تشاركه.`, (code, brand) => `${code} رمز ${brand}`],
};

/**
 * Returns the SMS for an OTP, in one segment. Its last line is for automatic code entry. The line
 * comes from the configuration: text from a request would let anyone send messages in the shop's
 * name.
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
 * Returns the line that lets a phone fill in the OTP.
 * @see https://developers.google.com/identity/sms-retriever/verify the hash that Android looks for
 * @see https://wicg.github.io/sms-one-time-codes/ the line that iOS and browsers look for
 */
function autofillLine(app: SmsApp, code: string): string {
  return app.platform === 'android' ? app.hash : `@${app.domain} #${code}`;
}

/**
 * GSM 03.38: a basic character takes one of 160 places. A character of the extension takes two,
 * because it follows an escape.
 */
const gsmBasic = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]$/;
const gsmExtension = /^[\f^{}\\[~\]|€]$/;

/**
 * Returns whether a text is one SMS: 160 GSM-7 places, or 70 UTF-16 units if a character is outside
 * GSM-7.
 */
export function fitsOneSegment(text: string): boolean {
  let places = 0;
  for (const character of text) {
    if (gsmBasic.test(character)) places += 1;
    else if (gsmExtension.test(character)) places += 2;
    else return text.length <= 70;
  }
  return places <= 160;
}
