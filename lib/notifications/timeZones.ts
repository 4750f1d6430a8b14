const areas =
  'Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US';
const ianaName = new RegExp(`^(?:UTC|GMT|(?:${areas})/.+)$`, 'i');

/**
 * Returns whether this is the IANA name of a time zone. An offset such as `+02:00` would be wrong
 * for half of the year. An abbreviation may mean another zone than on phones: `AST` would be
 * Alaska, not Arabia.
 */
export function isTimeZone(name: string): boolean {
  if (!ianaName.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/**
 * Returns a time zone in IANA's case. It does not replace a name by another one of the same zone.
 */
export function toIanaCase(name: string): string {
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
  if (timeZone.toLowerCase() === name.toLowerCase()) return timeZone;
  if (/^[A-Z]\w+(?:\/[A-Z](?![A-Z]{3})[\w+-]*)+$/.test(name)) return name;
  const capitalized = name.toLowerCase().replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
  return capitalized.replace(/Utc|Uct|Gmt|^Us(?=\/)/g, (abbreviation) => abbreviation.toUpperCase());
}

/**
 * Returns the IANA name of a country's time zone, or one of them if it has several. The country is
 * in ISO 3166-1 alpha-2.
 */
export function findCountryTimeZone(country: string): string {
  return new Intl.Locale(`und-${country}`).getTimeZones()?.[0] ?? 'UTC';
}

/**
 * Returns whether the local time in a time zone is within these hours (`22:00`). The end is
 * excluded. The hours may cross midnight.
 */
export function isWithinHours({ start, end }: { start: string; end: string }, atMs: number, timeZone: string): boolean {
  const time = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
  }).format(atMs);
  return start < end ? start <= time && time < end : start <= time || time < end;
}
