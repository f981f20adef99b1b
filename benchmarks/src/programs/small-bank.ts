/**
 * The six transactions of SmallBank. Every customer has a checking and a savings account. A check that isn't covered
 * costs a penalty, and a withdrawal from savings that isn't covered is refused; both look at what they have read in
 * the same transaction, so there is no write skew where transactions are serializable. The answer is what
 * the transaction added to the money in the bank.
 */
import { mustBeNumber, type Program, refused } from './program.ts';

const penalty = 1;

const balance: Program = ([checking, savings]) => {
  mustBeNumber(checking);
  mustBeNumber(savings);
  return { writes: [], answer: 0 };
};

const depositChecking: Program = ([checking], [key = ''], [amount = 0]) => ({
  writes: [[key, mustBeNumber(checking) + amount]],
  answer: amount,
});

const transactSavings: Program = ([savings], [key = ''], [amount = 0]) => {
  const left = mustBeNumber(savings) + amount;
  return left < 0 ? refused() : { writes: [[key, left]], answer: amount };
};

/** Keys: savings and checking of the one, checking of the other, who gets all. */
const amalgamate: Program = (
  [savings, checking, other],
  [savingsKey = '', checkingKey = '', otherKey = ''],
) => ({
  writes: [
    [savingsKey, 0],
    [checkingKey, 0],
    [otherKey, mustBeNumber(other) + mustBeNumber(savings) + mustBeNumber(checking)],
  ],
  answer: 0,
});

/** Keys: checking and savings of one customer. */
const writeCheck: Program = ([checking, savings], [checkingKey = ''], [amount = 0]) => {
  const isCovered = mustBeNumber(checking) + mustBeNumber(savings) >= amount;
  const taken = isCovered ? amount : amount + penalty;
  return { writes: [[checkingKey, mustBeNumber(checking) - taken]], answer: -taken };
};

/** Keys: checking of the payer and of the payee. */
const sendPayment: Program = ([payer, payee], [payerKey = '', payeeKey = ''], [amount = 0]) => {
  const left = mustBeNumber(payer) - amount;
  if (left < 0) return refused();
  return {
    writes: [
      [payerKey, left],
      [payeeKey, mustBeNumber(payee) + amount],
    ],
    answer: 0,
  };
};

export const smallBankPrograms = {
  balance,
  depositChecking,
  transactSavings,
  amalgamate,
  writeCheck,
  sendPayment,
};
