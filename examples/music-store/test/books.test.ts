import { describe, expect, test } from 'vitest';
import { Books } from '../dist/phases/books.js';
import type { Sales } from '../dist/phases/purchases.js';

const sales: Sales = { invoices: 1, revenueCents: 298, failedInvoiceIds: new Set([9]) };
const rock = { trackId: 1, artistId: 1, genreId: 1, unitPriceCents: 99, quantity: 1 };
const pilot = { trackId: 3, artistId: 2, genreId: 2, unitPriceCents: 199, quantity: 1 };

/** Books of one customer with one invoice, in which everything adds up. */
function goodBooks(): Books {
  const books = new Books();
  books.customer(1, { name: 'Ada Ito', openingCents: 1_000 });
  books.balance(1, 702);
  books.invoice([1, 5], { at: 0, totalCents: 298 });
  books.line([1, 5, 1], rock);
  books.line([1, 5, 2], pilot);
  books.library(1, [rock, pilot]);
  books.counter(['artist', 1], 99);
  books.counter(['artist', 2], 199);
  books.counter(['genre', 1], 99);
  books.counter(['genre', 2], 199);
  return books;
}

describe('the books', () => {
  test('that add up have no violations', () => {
    expect(goodBooks().violations(sales)).toEqual([]);
  });

  test.each<[string, (books: Books) => void, string[]]>([
    [
      'an invoice is not the sum of its lines',
      (books) => {
        books.invoice([1, 5], { at: 0, totalCents: 300 });
      },
      [
        'invoices of 5.98 for receipts of 2.98',
        'invoice 1/5 is of 3.00, its lines of 2.98',
        'customer 1 has 7.02, should have 4.02',
      ],
    ],
    [
      'an invoice has no lines',
      (books) => books.invoice([1, 6], { at: 0, totalCents: 0 }),
      ['2 invoices for 1 successful purchases', 'invoice 1/6 has no lines'],
    ],
    [
      'a line has no invoice',
      (books) => books.line([1, 9, 1], { ...rock, quantity: 0 }),
      ['invoice 1/9 is there, though its payment failed', 'lines of invoice 1/9, which is not there'],
    ],
    [
      'a counter counts too much',
      (books) => books.counter(['genre', 1], 100),
      ['counter of genre 1 is at 1.00, sold were 0.99'],
    ],
    [
      'a counter counts what was never sold',
      (books) => books.counter(['artist', 7], 1),
      ['counter of artist 7 is at 0.01, sold were 0.00'],
    ],
    ['a balance is wrong', (books) => books.balance(1, 1_000), ['customer 1 has 10.00, should have 7.02']],
    [
      'a customer has no balance',
      (books) => books.customer(2, { name: 'Emil Dahl', openingCents: 500 }),
      ['customer 2 has no balance'],
    ],
    [
      'a balance is below zero',
      (books) => {
        books.customer(1, { name: 'Ada Ito', openingCents: 0 });
        books.balance(1, -298);
      },
      ['customer 1 has less than nothing'],
    ],
    [
      'a bought track is not owned',
      (books) => books.library(1, [rock]),
      ["customer 1 bought track 3 but doesn't own it"],
    ],
    [
      'an owned track was not bought',
      (books) => books.library(2, [{ trackId: 4, artistId: 1, genreId: 1 }]),
      ['customer 2 owns track 4 without having bought it'],
    ],
    [
      'a failed payment left its invoice',
      (books) => {
        books.invoice([1, 9], { at: 0, totalCents: 0 });
        books.line([1, 9, 1], { ...rock, quantity: 0 });
      },
      ['2 invoices for 1 successful purchases', 'invoice 1/9 is there, though its payment failed'],
    ],
  ])('in which %s say so', (_, spoil, violations) => {
    const books = goodBooks();
    spoil(books);
    expect(books.violations(sales)).toEqual(violations);
  });

  test('with a purchase less than the customers were told say so', () => {
    expect(goodBooks().violations({ ...sales, invoices: 2, revenueCents: 397 })).toEqual([
      '1 invoices for 2 successful purchases',
      'invoices of 2.98 for receipts of 3.97',
    ]);
  });
});
