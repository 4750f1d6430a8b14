import * as z from 'zod';
import type { Customer, Preferences as Stored } from '../customers/customerRepository.ts';
import { code, text, toAsciiNumber } from '../http/fields.ts';
import { type NotificationType, notificationTypes } from './notificationRepository.ts';
import { findCountryTimeZone, isTimeZone, toIanaCase } from './timeZones.ts';

const hoursAndMinutes = /^([01]\d|2[0-3]):[0-5]\d$/;
const timeOfDay = z
  .string()
  .transform(toAsciiNumber)
  .pipe(z.string().regex(hoursAndMinutes))
  .meta({ pattern: hoursAndMinutes.source, examples: ['22:00'] });

const QuietHours = z
  .object({
    start: timeOfDay.describe('`HH:MM`. Pushes stop at this time.'),
    end: timeOfDay.describe('`HH:MM`. Pushes start again at this time.'),
  })
  .refine(({ start, end }) => start !== end, { path: ['end'], ...code('invalid') })
  .meta({
    id: 'QuietHours',
    description: "Hours without pushes, in the customer's time zone. They may include midnight.",
  });

const types = notificationTypes.map(
  (type) => [type, z.boolean().describe(`Whether notifications of the type \`${type}\` come as pushes.`)] as const,
);
const Push = z.object({
  ...(Object.fromEntries(types) as Record<NotificationType, z.ZodBoolean>),
  new_sign_in: z.boolean().describe('Whether sign-ins on new devices come as pushes to the other devices.'),
});

export const Preferences = z
  .object({
    push: Push.meta({
      id: 'PushPreferences',
      description: 'The types that are pushed. The inbox lists all notifications.',
    }),
    quiet_hours: QuietHours.nullable(),
    time_zone: z.string().describe('IANA name. Until it is set, the time zone of the country.'),
  })
  .meta({ id: 'NotificationPreferences', description: 'The types and hours of the customer’s pushes.' });
export type Preferences = z.infer<typeof Preferences>;

const timeZone = text({ max: 64 })
  .pipe(z.string().refine(isTimeZone, code('invalid_choice')))
  .transform(toIanaCase)
  .describe('IANA name of an area and a location, `UTC` or `GMT`. Abbreviations are invalid.');

/**
 * Omitted fields stay unchanged. Null resets them: to no quiet hours, and to the time zone of the
 * country.
 */
export const PreferenceChanges = z
  .object({
    push: Push.partial().meta({ id: 'PushChanges', description: 'The types to switch on or off.' }),
    quiet_hours: QuietHours.nullable(),
    time_zone: timeZone.nullable(),
  })
  .partial();

export function showPreferences({ countryCode, timeZone, quietHours, ...customer }: Customer): Preferences {
  return {
    push: {
      product_ordered: customer.pushProductOrdered,
      other: customer.pushOther,
      new_sign_in: customer.pushNewSignIn,
    },
    quiet_hours: quietHours,
    time_zone: timeZone ?? findCountryTimeZone(countryCode),
  };
}

export function storedPreferences({ push, quiet_hours, time_zone }: z.output<typeof PreferenceChanges>): Stored {
  return {
    pushProductOrdered: push?.product_ordered,
    pushOther: push?.other,
    pushNewSignIn: push?.new_sign_in,
    quietHours: quiet_hours,
    timeZone: time_zone,
  };
}
