// Pattern: payments that may be repeated. Who got no answer calls again under the same idempotency key: what was done is
// not done again, and the answer is the first one, also when the host that gave it is dead.
import assert from 'node:assert/strict';
import { startGrid, type TableKey, TroupeError } from 'troupe';
import { earned, hostHere, pay, type Receipt, spent } from './definitions/idempotent-payment.ts';

await using grid = await startGrid({
  modules: [new URL('./definitions/idempotent-payment.js', import.meta.url)],
  threads: 2,
});

const artist = 'Mailbox';
const hostOf = (key: TableKey) => grid.compute.run(hostHere, undefined, { at: key });

/** A customer who is not on the artist's host: when the customer's dies, half of the payment survives. */
async function findCustomer() {
  const artistHost = await hostOf(earned.key(artist));
  for (const name of ['ann', 'bob', 'cem', 'dee', 'eva', 'fay', 'gus', 'hal']) {
    const host = await hostOf(spent.key(name));
    if (host !== undefined && host !== artistHost) return { name, host };
  }
  throw new Error(`all customers are on host ${artistHost}`);
}
const customer = await findCustomer();

/** Calls until there is an answer. The key makes that safe; without one, an order might be paid twice. */
async function payOrder(order: string, cents: number): Promise<Receipt> {
  for (let call = 1; ; call++) {
    try {
      return await grid.runWith(pay, [customer.name, artist, cents], { idempotencyKey: order });
    } catch (error) {
      if (!(error instanceof TroupeError) || call === 5) throw error;
      console.log(`  call ${call} of ${order}: ${error.code}, ${String(error.details['outcome'])}`);
    }
  }
}

async function printBooks(title: string) {
  const [out, into] = [await grid.table(spent).get(customer.name), await grid.table(earned).get(artist)];
  console.log(`${title}: ${customer.name} has spent ${out ?? 'nothing'}, ${artist} has earned ${into}`);
  return into;
}

const receipt = await payOrder('order-1', 990);
assert.deepEqual(await payOrder('order-1', 990), receipt);
assert.equal(await printBooks('order-1 paid and repeated'), 990);

await grid.terminateHost(customer.host);
assert.deepEqual(await payOrder('order-1', 990), receipt);
// What the dead host had is gone; what the other one has was not added to.
assert.equal(await printBooks('repeated after the death of a host'), 990);

const paying = payOrder('order-2', 500);
await grid.terminateHost(customer.host);
const second = await paying;
assert.deepEqual(await payOrder('order-2', 500), second);
assert.equal(await printBooks('order-2 paid while the host died'), 1_490);
