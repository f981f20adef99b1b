// What a purchase can fail with. The class may be lost on the way from another thread, the code is not: those who
// handle an error look at `code`.

export type StoreErrorCode =
  | 'UNKNOWN_CUSTOMER'
  | 'UNKNOWN_TRACK'
  | 'INSUFFICIENT_FUNDS'
  | 'PAYMENT_DECLINED'
  | 'DUPLICATE_INVOICE';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** Which attempt gave up; the ones before it lost a conflict. */
  readonly attempt: number;

  constructor(code: StoreErrorCode, message: string, attempt = 1) {
    super(message);
    this.code = code;
    this.attempt = attempt;
  }
}

/** The attempt of any error that tells it. */
export function attemptOf(error: unknown): number {
  const told = typeof error === 'object' && error !== null && 'attempt' in error ? error.attempt : undefined;
  return typeof told === 'number' ? told : 1;
}

/** The code of any error that has one, a store's or the grid's. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
