import { createTestGrid, createProbe, withTestGrid } from '@troupe/testkit';
import { actor, table, procedure, job } from 'troupe';
import { expect, test } from 'vitest';

const accounts = table<string, number>('accounts');
const transfer = procedure('transfer', {
  keys: (from: string, to: string) => [accounts.key(from), accounts.key(to)],
  async run(tx, from: string, to: string) {
    const a = (await tx.table(accounts).get(from)) ?? 0;
    await tx.table(accounts).set(from, a - 1);
    await tx.table(accounts).set(to, ((await tx.table(accounts).get(to)) ?? 0) + 1);
    return a;
  },
});
const silent = actor('silent', { state: () => 0, methods: { never: () => new Promise<void>(() => undefined) } });
test('flows', async () => {
  await using grid = await createTestGrid({ definitions: [accounts, transfer] });
  await grid.table(accounts).set('a', 10);
  expect(await grid.table(accounts).get('a')).toBe(10);
  expect(await grid.run(transfer, 'a', 'b')).toBe(10);
  expect(await grid.run(transfer, 'b', 'c')).toBe(1);
  expect(grid.now()).toBe(0);
  expect(await grid.leftovers()).toEqual([]);
});
test('deadline', async () => {
  const grid = await createTestGrid({ definitions: [silent] });
  const started = Date.now();
  await expect(grid.settle(grid.actor(silent, 'x', { timeoutMs: 30_000 }).never())).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(grid.now()).toBe(30_000);
  const p = grid.actor(silent, 'y').never();
  p.catch(() => undefined);
  console.log(await grid.leftovers());
  await grid.settle(p).catch((e) => console.log(String(e), grid.now()));
  await grid.close();
  console.log(Date.now() - started);
});
test('seeds', async () => {
  const t = Date.now();
  const hashes = new Set<string>();
  await withTestGrid({ definitions: [accounts, transfer], seeds: 50 }, async (grid) => {
    await Promise.all(['a', 'b', 'c', 'd'].map((k, i, all) => grid.settle(grid.run(transfer, k, all[(i + 1) % 4]!))));
    hashes.add(grid.traceHash);
  });
  console.log(hashes.size, Date.now() - t);
});
test('terminate', async () => {
  await using grid = await createTestGrid({ definitions: [accounts] });
  await grid.table(accounts).setMany(new Map(['a','b','c','d','e','f'].map((k) => [k, 1])));
  await grid.terminateHost(0);
  console.log(grid.hosts().map(h => [h.host, h.incarnation, h.state]), await grid.table(accounts).size());
});
