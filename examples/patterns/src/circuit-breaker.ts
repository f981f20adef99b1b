// Pattern: a circuit breaker around jobs. When a provider is down, jobs that call it fail slowly and fill the queues of
// their hosts. The breaker counts failures at the caller and, once it is open, refuses without asking the grid.
// The breaker is not Troupe's: cockatiel wraps any function that answers a promise.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { startGrid } from 'troupe';
import { CardRefused, calls, charge, ProviderDown, provider } from './definitions/circuit-breaker.ts';

await using grid = await startGrid({
  modules: [new URL('./definitions/circuit-breaker.js', import.meta.url)],
  threads: 2,
});

const halfOpenAfterMs = 500;
const breaker = circuitBreaker(
  // Errors of jobs arrive with their class. A refused card says nothing about the provider.
  handleWhen((error) => error instanceof ProviderDown),
  { breaker: new ConsecutiveBreaker(3), halfOpenAfter: halfOpenAfterMs },
);
breaker.onStateChange((state) => console.log(`breaker: ${CircuitState[state]}`));

const pay = (cents: number) =>
  breaker.execute(({ signal }) => grid.compute.run(charge, { cents }, { at: provider.key('state'), signal }));
const asked = () => grid.table(calls).get('charge');

for (let i = 0; i < 4; i++) await assert.rejects(pay(20_000), CardRefused);
assert.equal(breaker.state, CircuitState.Closed);

await grid.table(provider).set('state', 'down');
for (let i = 0; i < 3; i++) await assert.rejects(pay(99), ProviderDown);
await assert.rejects(pay(99), BrokenCircuitError);
await assert.rejects(pay(99), BrokenCircuitError);
console.log(`${await asked()} of 9 payments reached the grid`);
assert.equal(await asked(), 7);

await grid.table(provider).set('state', 'up');
await pause(halfOpenAfterMs + 50);
// One payment tries whether the provider is back.
console.log(await pay(99));
assert.equal(breaker.state, CircuitState.Closed);
