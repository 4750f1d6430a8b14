/** The most that an amount or a balance can have before the point. */
const mostDigits = 12;

/** An amount in minor units as a decimal with the currency's own decimals: 150 is `1.50` EGP, `0.150` KWD, `150` JPY. */
export function toDecimal(minor: number, currency: string): string {
  const decimals = decimalsOf(currency);
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  return `${minor < 0 ? '-' : ''}${digits.slice(0, point)}${decimals > 0 ? `.${digits.slice(point)}` : ''}`;
}

/** A decimal without a sign in minor units: `1.5` EGP is 150. Undefined where it is none, or has more decimals than the currency. */
export function minorUnits(amount: string, currency: string): number | undefined {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const decimals = decimalsOf(currency);
  if (!whole || fraction.length > decimals) return undefined;
  return Number(`${whole}${fraction.padEnd(decimals, '0')}`);
}

/** The largest amount that can be written, in minor units: exact, for it is below 2^53 with up to three decimals. */
export function mostMinorUnits(currency: string): number {
  return 10 ** (mostDigits + decimalsOf(currency)) - 1;
}

/** Whether money of this ISO 4217 code can be kept exactly. */
export function isCurrency(code: string): boolean {
  return Intl.supportedValuesOf('currency').includes(code) && Number.isSafeInteger(mostMinorUnits(code));
}

/**
 * The minor units of ISO 4217 where they are not two. Not those of `Intl`: they follow custom, so they differ for some
 * currencies and may change with the runtime, and every amount in the table with them.
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
