// The books of the store: takes in the rows of its tables one by one and says where they contradict each other.
//
// Pure. Nothing is believed because another row was written along with it: every sum is made anew from the invoice
// lines, and the number of sales is the one that the customers were told.
import type { CustomerRow, InvoiceLineRow, InvoiceRow, LibraryTrack } from '../definitions.ts';
import { formatCents } from '../money.ts';
import type { Sales } from './purchases.ts';

type Counted = 'artist' | 'genre';

export class Books {
  readonly #invoices = new Map<string, InvoiceRow>();
  readonly #lineCents = new Map<string, number>();
  readonly #counters = new Map<string, number>();
  readonly #soldBy = new Map<string, number>();
  readonly #openings = new Map<number, number>();
  readonly #spent = new Map<number, number>();
  readonly #balances = new Map<number, number>();
  readonly #bought = new Map<number, Set<number>>();
  readonly #libraries = new Map<number, Set<number>>();
  #revenueCents = 0;

  customer(customerId: number, { openingCents }: CustomerRow): void {
    this.#openings.set(customerId, openingCents);
  }

  balance(customerId: number, cents: number): void {
    this.#balances.set(customerId, cents);
  }

  invoice([customerId, invoiceId]: readonly [number, number], row: InvoiceRow): void {
    this.#invoices.set(`${customerId}/${invoiceId}`, row);
    add(this.#spent, customerId, row.totalCents);
    this.#revenueCents += row.totalCents;
  }

  line([customerId, invoiceId]: readonly [number, number, number], line: InvoiceLineRow): void {
    const cents = line.unitPriceCents * line.quantity;
    add(this.#lineCents, `${customerId}/${invoiceId}`, cents);
    add(this.#soldBy, `artist ${line.artistId}`, cents);
    add(this.#soldBy, `genre ${line.genreId}`, cents);
    const bought = this.#bought.get(customerId) ?? new Set();
    this.#bought.set(customerId, bought.add(line.trackId));
  }

  counter([of, id]: readonly [Counted, number], cents: number): void {
    this.#counters.set(`${of} ${id}`, cents);
  }

  library(customerId: number, tracks: readonly LibraryTrack[]): void {
    this.#libraries.set(customerId, new Set(tracks.map(({ trackId }) => trackId)));
  }

  /** Everything that doesn't add up, in words. */
  violations(sales: Sales): string[] {
    return [
      ...this.#salesThatDiffer(sales),
      ...this.#invoicesThatDiffer(),
      ...this.#countersThatDiffer(),
      ...this.#balancesThatDiffer(),
      ...this.#librariesThatDiffer(),
    ];
  }

  get invoiceCount(): number {
    return this.#invoices.size;
  }

  get revenueCents(): number {
    return this.#revenueCents;
  }

  *#salesThatDiffer({ invoices, revenueCents, failedInvoiceIds }: Sales): Generator<string> {
    if (this.invoiceCount !== invoices)
      yield `${this.invoiceCount} invoices for ${invoices} successful purchases`;
    if (this.revenueCents !== revenueCents) {
      yield `invoices of ${formatCents(this.revenueCents)} for receipts of ${formatCents(revenueCents)}`;
    }
    for (const invoice of new Set([...this.#invoices.keys(), ...this.#lineCents.keys()])) {
      const invoiceId = Number(invoice.slice(invoice.indexOf('/') + 1));
      if (failedInvoiceIds.has(invoiceId)) yield `invoice ${invoice} is there, though its payment failed`;
    }
  }

  *#invoicesThatDiffer(): Generator<string> {
    for (const [invoice, { totalCents }] of this.#invoices) {
      const cents = this.#lineCents.get(invoice);
      if (cents === undefined) yield `invoice ${invoice} has no lines`;
      else if (cents !== totalCents) {
        yield `invoice ${invoice} is of ${formatCents(totalCents)}, its lines of ${formatCents(cents)}`;
      }
    }
    for (const invoice of this.#lineCents.keys()) {
      if (!this.#invoices.has(invoice)) yield `lines of invoice ${invoice}, which is not there`;
    }
  }

  *#countersThatDiffer(): Generator<string> {
    for (const name of new Set([...this.#counters.keys(), ...this.#soldBy.keys()])) {
      const counted = this.#counters.get(name) ?? 0;
      const sold = this.#soldBy.get(name) ?? 0;
      if (counted !== sold)
        yield `counter of ${name} is at ${formatCents(counted)}, sold were ${formatCents(sold)}`;
    }
  }

  *#balancesThatDiffer(): Generator<string> {
    for (const customerId of new Set([
      ...this.#openings.keys(),
      ...this.#balances.keys(),
      ...this.#spent.keys(),
    ])) {
      const expected = (this.#openings.get(customerId) ?? 0) - (this.#spent.get(customerId) ?? 0);
      const balance = this.#balances.get(customerId);
      if (balance === undefined) yield `customer ${customerId} has no balance`;
      else if (balance !== expected) {
        yield `customer ${customerId} has ${formatCents(balance)}, should have ${formatCents(expected)}`;
      }
      if (balance !== undefined && balance < 0) yield `customer ${customerId} has less than nothing`;
    }
  }

  *#librariesThatDiffer(): Generator<string> {
    for (const customerId of new Set([...this.#bought.keys(), ...this.#libraries.keys()])) {
      const bought = this.#bought.get(customerId) ?? new Set();
      const owned = this.#libraries.get(customerId) ?? new Set();
      for (const id of bought)
        if (!owned.has(id)) yield `customer ${customerId} bought track ${id} but doesn't own it`;
      for (const id of owned)
        if (!bought.has(id)) yield `customer ${customerId} owns track ${id} without having bought it`;
    }
  }
}

function add<K>(sums: Map<K, number>, key: K, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}
