/** The languages of every text a customer can see. */
export const languages = ['en', 'ar'] as const;
export type Language = (typeof languages)[number];

export type Texts = Record<Language, string>;
