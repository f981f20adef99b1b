/**
 * The bank: accounts whose sum never changes, however money moves between them. The simplest test of
 * atomicity and isolation, and the one people understand at once. It needs no history: each read of all
 * accounts is right or wrong alone.
 */

/** What every read of all accounts must show. */
export interface BankRules {
  readonly accounts: readonly string[];
  readonly total: number;
  /** `forbidden` if no account may be overdrawn. */
  readonly negativeBalances: 'allowed' | 'forbidden';
}

/** One read of all accounts, `undefined` for an account that was not there. */
export type BankRead = ReadonlyMap<string, number | undefined>;

/** What is wrong with one read. */
export interface BankViolation {
  readonly type: 'missing-account' | 'unknown-account' | 'wrong-total' | 'negative-balance';
  readonly message: string;
  readonly read: BankRead;
}

/** Checks every read of all accounts; an empty answer is what you want. */
export function checkBank(reads: readonly BankRead[], rules: BankRules): BankViolation[] {
  return reads.flatMap((read) => checkRead(read, rules));
}

function checkRead(read: BankRead, { accounts, total, negativeBalances }: BankRules): BankViolation[] {
  const violations: BankViolation[] = [];
  const add = (type: BankViolation['type'], message: string): void => {
    violations.push({ type, message: `${type}: ${message}`, read });
  };
  let sum = 0;
  for (const account of accounts) {
    const balance = read.get(account);
    if (balance === undefined) add('missing-account', `"${account}" was not there`);
    else if (balance < 0 && negativeBalances === 'forbidden') {
      add('negative-balance', `"${account}" stood at ${balance}`);
    }
    sum += balance ?? 0;
  }
  for (const account of read.keys()) {
    if (!accounts.includes(account)) add('unknown-account', `"${account}" is none of the accounts`);
  }
  if (violations.every(({ type }) => type === 'negative-balance') && sum !== total) {
    add('wrong-total', `the sum was ${sum} instead of ${total}`);
  }
  return violations;
}
