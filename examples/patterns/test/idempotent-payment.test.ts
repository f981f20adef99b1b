import { startGrid } from 'troupe';
import { expect, test } from 'vitest';
import { earned, pay, spent } from '../dist/definitions/idempotent-payment.js';
import { definitionModules } from './definition-modules.ts';
import { runScript } from './run-script.ts';

test('idempotent-payment pays each order once, whichever host dies when', async () => {
  const { code, stderr, lines } = await runScript('idempotent-payment');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines.filter((line) => !line.startsWith('  '))).toEqual([
    expect.stringMatching(/^order-1 paid and repeated: .* has spent 990, Mailbox has earned 990$/),
    expect.stringMatching(
      /^repeated after the death of a host: .* has spent nothing, Mailbox has earned 990$/,
    ),
    expect.stringMatching(/^order-2 paid while the host died: .*, Mailbox has earned 1490$/),
  ]);
});

test('pay is done once for each key, however many calls are under way, and again for another key', async () => {
  await using grid = await startGrid({ modules: definitionModules('idempotent-payment'), threads: 2 });
  const call = (idempotencyKey: string) => grid.runWith(pay, ['ann', 'Mailbox', 5], { idempotencyKey });
  const receipts = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i % 2 === 0 ? 'a' : 'b')));
  expect(new Set(receipts.map(({ transaction }) => transaction)).size).toBe(2);
  expect(await grid.table(spent).get('ann')).toBe(10);
  expect(await grid.table(earned).get('Mailbox')).toBe(10);
});
