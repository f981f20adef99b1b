// A payment over two partitions: the customer's and the artist's.
import { job, procedure, table } from 'troupe';

/** Cents that each customer has spent, and each artist has earned. */
export const spent = table<string, number>('spent');
export const earned = table<string, number>('earned');

export interface Receipt {
  /** Of the attempt that was committed: had it been done twice, there would be two. */
  readonly transaction: number;
  readonly cents: number;
}

/** Runs at the customer's partition, whose key comes first. */
export const pay = procedure('pay', {
  keys: (customer: string, artist: string, _cents: number) => [spent.key(customer), earned.key(artist)],
  async run(tx, customer, artist, cents): Promise<Receipt> {
    await tx.table(spent).increment(customer, cents);
    await tx.table(earned).increment(artist, cents);
    return { transaction: tx.id, cents };
  },
});

/** A job tells where it runs: the way to find out which host has a key. */
export const hostHere = job('hostHere', { run: (ctx) => ctx.host });
