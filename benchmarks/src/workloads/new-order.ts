/**
 * TPC-C, New-Order only, at a scale of its own: 8 warehouses of 10 districts with 100 customers each, and 1,000 items.
 * 5 to 15 lines, 1 in 100 lines from another warehouse, 1 in 100 orders refused because of an item that isn't there.
 * In the end there is an order for each number that was given out, and the stocks have given what was ordered.
 */
import { drawDistinct } from '../measuring/draws.ts';
import { mustBeNumber, type Value } from '../programs/program.ts';
import { mustEqual } from '../subjects/entries.ts';
import type { Workload } from './workload.ts';

type Fields = Readonly<Record<string, Value>>;

const warehouses = 8;
const districts = 10;
const customers = 100;
const items = 1_000;
const firstOrder = 3_001;

export function newOrders(): Workload {
  return {
    entries: firstEntries,
    next: nextOrder,
    async check(entries, answers) {
      let given = 0;
      let orders = 0;
      let markers = 0;
      let ordered = 0;
      for await (const [key, value] of entries) {
        const record = value as Fields;
        const [, kind, , part, , line] = key.split('/');
        if (kind === 's') ordered += mustBeNumber(record['ordered']);
        else if (kind === 'd' && part === undefined) given += mustBeNumber(record['next']) - firstOrder;
        else if (part === 'o' && line === undefined) orders++;
        else if (part === 'n') markers++;
      }
      mustEqual(orders, given, 'the number of orders');
      mustEqual(markers, given, 'the number of new orders');
      mustEqual(ordered, answers, 'the quantity taken from the stocks');
    },
  };
}

function* firstEntries(): Generator<readonly [string, Value]> {
  for (let warehouse = 0; warehouse < warehouses; warehouse++) {
    yield [`${warehouse}/w`, { tax: 0.1 }];
    for (let item = 0; item < items; item++) {
      yield [`${warehouse}/i/${item}`, { price: 1 + (item % 100), name: `item ${item}` }];
      yield [`${warehouse}/s/${item}`, { quantity: 100, ordered: 0, orders: 0 }];
    }
    for (let district = 0; district < districts; district++) {
      yield [`${warehouse}/d/${district}`, { tax: 0.05, next: firstOrder }];
      for (let customer = 0; customer < customers; customer++) {
        yield [`${warehouse}/c/${district}/${customer}`, { discount: 0.1, name: `customer ${customer}` }];
      }
    }
  }
}

function nextOrder() {
  const home = below(warehouses);
  const district = below(districts);
  const isRefused = Math.random() < 0.01;
  const chosen = drawDistinct(() => below(items), 5 + below(11));
  const lines = chosen.flatMap((item, index) => {
    const from = Math.random() < 0.01 ? below(warehouses) : home;
    const isMissing = isRefused && index === chosen.length - 1;
    return [`${home}/i/${isMissing ? items : item}`, `${from}/s/${item}`];
  });
  return {
    program: 'newOrder' as const,
    keys: [`${home}/w`, `${home}/d/${district}`, `${home}/c/${district}/${below(customers)}`, ...lines],
    args: chosen.map(() => 1 + below(10)),
  };
}

function below(count: number): number {
  return Math.floor(Math.random() * count);
}
