/** Whether this is the name of a time zone: an offset such as `+02:00` would be wrong for half of the year. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Z]/i.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** A time zone in the spelling of IANA. */
export function timeZoneNamed(name: string): string {
  return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
}

/** The time zone of a country (ISO 3166-1 alpha-2), by IANA name; one of them where it has several. */
export function timeZoneOf(country: string): string {
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
