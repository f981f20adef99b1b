/** What the writers beside the snapshots do. Loaded on every host. */
import { procedure } from 'troupe';
import { accounts } from './bank.ts';

export { accounts } from './bank.ts';

export const addToBoth = procedure('addToBoth', {
  keys: (one: string, other: string) => [accounts.key(one), accounts.key(other)],
  async run(transaction, one, other) {
    const table = transaction.table(accounts);
    const [a = 0, b = 0] = await table.getMany([one, other]);
    await table.setMany([
      [one, a + 1],
      [other, b + 1],
    ]);
  },
});
