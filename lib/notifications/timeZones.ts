const areas =
  'Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US';
const ianaName = new RegExp(`^(?:UTC|GMT|(?:${areas})/.+)$`, 'i');

/**
 * Returns whether this is the IANA name of a time zone. An offset such as `+02:00` would be wrong for
 * half of the year. Abbreviations mean other zones than phones do: `AST` would be Alaska, not Arabia.
 */
export function isTimeZone(name: string): boolean {
  if (!ianaName.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** A time zone in the case that IANA writes it in. Of several names for it, this one stays. */
export function findTimeZone(name: string): string {
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
  if (timeZone.toLowerCase() === name.toLowerCase()) return timeZone;
  if (/^[A-Z]\w+(?:\/[A-Z](?![A-Z]{3})[\w+-]*)+$/.test(name)) return name;
  const capitalized = name.toLowerCase().replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
  return capitalized.replace(/Utc|Uct|Gmt|^Us(?=\/)/g, (abbreviation) => abbreviation.toUpperCase());
}

/** The time zone of a country (ISO 3166-1 alpha-2), by IANA name; one of them where it has several. */
export function findCountryTimeZone(country: string): string {
  return new Intl.Locale(`und-${country}`).getTimeZones()?.[0] ?? 'UTC';
}

/** Whether the clock on the wall of a time zone is within these hours (`22:00`), the end not included; they may go over midnight. */
export function isWithin({ start, end }: { start: string; end: string }, atMs: number, timeZone: string): boolean {
  const time = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
  }).format(atMs);
  return start < end ? start <= time && time < end : start <= time || time < end;
}
