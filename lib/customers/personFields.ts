import * as z from 'zod';
import { nowSeconds, utcDate } from '../clock.ts';
import { toAsciiDomain } from '../http/domain.ts';
import { code, removeUnseen, text, toAsciiNumber } from '../http/fields.ts';

const longestEmail = 254;
const longestLocalPart = 64;
const atoms = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/**
 * Returns the schema of an e-mail address. Addresses that differ only in case, or in the spelling
 * of an IDN, are the same.
 */
export function emailAddress({ clears = false } = {}) {
  return text({ max: longestEmail, clears, clean: (value) => removeUnseen(value).trim() })
    .transform((value, context) => {
      const email = value && canonicalEmail(value);
      if (email !== undefined) return email;
      context.addIssue({ code: 'custom', ...code('invalid') });
      return z.NEVER;
    })
    .refine((email) => email.length <= longestEmail, code('max_length', { max: longestEmail }));
}

function canonicalEmail(value: string): string | undefined {
  const at = value.lastIndexOf('@');
  const localPart = value.slice(0, Math.max(at, 0));
  const domain = toAsciiDomain(value.slice(at + 1));
  const isValid = domain && at <= longestLocalPart && atoms.test(localPart);
  return isValid ? `${localPart.toLowerCase()}@${domain}` : undefined;
}

/** No phone owner was born before this date. */
const earliest = '1900-01-01';

export const birthDate = text({ max: 64, clean: toAsciiNumber })
  .pipe(z.iso.date())
  .refine((date) => date >= earliest && date <= utcDate(nowSeconds()), code('invalid'))
  .meta({ format: 'date', minLength: undefined, maxLength: undefined });
