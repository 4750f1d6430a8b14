/** The most digits before the decimal point of an amount or a balance. */
const mostDigits = 12;

/**
 * Formats minor units as a decimal with the currency's decimals: 150 is `1.50` EGP, `0.150` KWD,
 * `150` JPY.
 */
export function toDecimal(minor: number, currency: string): string {
  const decimals = decimalsOf(currency);
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  return `${minor < 0 ? '-' : ''}${digits.slice(0, point)}${decimals > 0 ? `.${digits.slice(point)}` : ''}`;
}

/**
 * Parses a decimal without a sign into minor units: `1.5` EGP is 150. Returns undefined if it is
 * invalid or has more decimals than the currency.
 */
export function minorUnits(amount: string, currency: string): number | undefined {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const decimals = decimalsOf(currency);
  if (!whole || fraction.length > decimals) return undefined;
  return Number(`${whole}${fraction.padEnd(decimals, '0')}`);
}

/**
 * Returns the largest amount in minor units. It is exact, because it is below 2^53 with up to three
 * decimals.
 */
export function mostMinorUnits(currency: string): number {
  return 10 ** (mostDigits + decimalsOf(currency)) - 1;
}

/** Returns whether amounts in this ISO 4217 currency can be stored exactly. */
export function isCurrency(code: string): boolean {
  return Intl.supportedValuesOf('currency').includes(code) && Number.isSafeInteger(mostMinorUnits(code));
}

/**
 * The decimals of ISO 4217 currencies that do not have two. `Intl` follows custom, so it differs
 * for some currencies, and a change of the runtime would change every amount in the table.
 * @see https://www.six-group.com/en/products-services/financial-information/data-standards.html
 */
const decimals: Record<string, number> = {
  ...ofEach('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', 0),
  ...ofEach('BHD IQD JOD KWD LYD OMR TND', 3),
  ...ofEach('CLF UYW', 4),
};

function ofEach(codes: string, count: number): Record<string, number> {
  return Object.fromEntries(codes.split(' ').map((code) => [code, count]));
}

function decimalsOf(currency: string): number {
  return decimals[currency] ?? 2;
}
