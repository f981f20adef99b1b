/**
 * New-Order of TPC-C, on records of one key-value table: a district gives the next number, each line takes from a
 * stock, and order, marker and lines are written. A line whose item doesn't exist refuses the whole order. Keys begin with their
 * warehouse; items, which never change, are there once for each warehouse. The answer is the quantity that was ordered.
 */
import { mustBeNumber, type Program, refused, type Value } from './program.ts';

type Fields = Readonly<Record<string, Value>>;

const restockBelow = 10;
const restockBy = 91;

/** Keys: warehouse, district, customer, then item and stock of each line. Args: quantity of each line. */
export const newOrder: Program = (values, keys, quantities) => {
  const [warehouse, district, customer, ...rest] = values as readonly Fields[];
  const [warehouseKey = '', districtKey = '', customerKey = ''] = keys;
  if (warehouse === undefined || district === undefined || customer === undefined) {
    throw new Error(`${warehouseKey}, ${districtKey} or ${customerKey} is missing`);
  }
  const number = mustBeNumber(district['next']);
  const orderKey = `${districtKey}/o/${number}`;
  const writes: [string, Value][] = [[districtKey, { ...district, next: number + 1 }]];
  let total = 0;
  for (const [line, quantity] of quantities.entries()) {
    const item = rest[line * 2];
    const stock = rest[line * 2 + 1];
    if (item === undefined || stock === undefined) return refused();
    const amount = mustBeNumber(item['price']) * quantity;
    total += amount;
    writes.push([keys[4 + line * 2] ?? '', takenFrom(stock, quantity)]);
    writes.push([`${orderKey}/${line}`, { item: keys[3 + line * 2] ?? '', quantity, amount }]);
  }
  const rate =
    (1 - mustBeNumber(customer['discount'])) *
    (1 + mustBeNumber(warehouse['tax']) + mustBeNumber(district['tax']));
  writes.push([orderKey, { customer: customerKey, lines: quantities.length, total: total * rate }]);
  writes.push([`${districtKey}/n/${number}`, { number }]);
  return { writes, answer: quantities.reduce((sum, quantity) => sum + quantity, 0) };
};

function takenFrom(stock: Fields, quantity: number): Fields {
  const left = mustBeNumber(stock['quantity']) - quantity;
  return {
    quantity: left >= restockBelow ? left : left + restockBy,
    ordered: mustBeNumber(stock['ordered']) + quantity,
    orders: mustBeNumber(stock['orders']) + 1,
  };
}
