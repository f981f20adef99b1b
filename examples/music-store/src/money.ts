// Money is an integer number of cents everywhere in the store; decimals exist only at its edges.
//
// A decimal is read from its digits and never multiplied, since 0.07 * 100 is 7.000000000000001. A number from
// JSON is taken by its shortest decimal form, which is the one the file was written with.

const decimal = /^(\d+)(?:\.(\d\d?)0*)?$/;

/** Cents of a decimal amount such as `0.99` or `'12.5'`, or undefined if it isn't one of at most two decimals. */
export function tryParseCents(amount: unknown): number | undefined {
  if (typeof amount !== 'number' && typeof amount !== 'string') return undefined;
  const digits = decimal.exec(String(amount));
  if (digits === null) return undefined;
  const cents = Number(`${digits[1]}${(digits[2] ?? '').padEnd(2, '0')}`);
  return Number.isSafeInteger(cents) ? cents : undefined;
}

/** `232860` as `2,328.60`. */
export function formatCents(cents: number): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(\d\d)$/.exec(pad(cents)) ?? [];
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction}`;
}

function pad(cents: number): string {
  return `${cents < 0 ? '-' : ''}${String(Math.abs(cents)).padStart(3, '0')}`;
}
