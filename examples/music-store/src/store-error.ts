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

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The code of any error that has one, a store's or the grid's. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
