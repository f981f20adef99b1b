import { createProbe, createTestGrid, ProbeError } from '@troupe/testkit';
import { actor, job, procedure, table } from 'troupe';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { reasonOf } from './shop.ts';

const orders = table<string, string>('orders');
const mailer = actor('mailer', {
  state: (_key: string) => ({ sent: 0 }),
  methods: {
    send: async (_ctx, _to: string, _text: string): Promise<string> => 'real',
    flush: () => 0,
  },
});
const rate = job('rate', { run: (_ctx, _currency: string): number => 0 });
const book = procedure('book', {
  keys: (order: string) => [orders.key(order)],
  run: (_tx, order: string): string => `booked ${order}`,
});
const shop = actor('shop', {
  state: (_key: string) => 0,
  methods: {
    async order(ctx, customer: string) {
      const price = await ctx.compute.run(rate, 'EUR', { at: 'any' });
      const booked = await ctx.run(book, customer);
      const mail = await ctx
        .actor(mailer, 'main', { timeoutMs: 5_000 })
        .send(customer, `${booked} for ${price}`);
      return mail;
    },
    later(ctx, customer: string) {
      void ctx.tell(mailer, customer).send(customer, 'later');
    },
  },
});
const definitions = [shop, mailer, rate, book, orders];

describe('a probe', () => {
  test('stands in for an actor, a job and a procedure, records their calls and answers by script', async () => {
    const mail = createProbe(mailer).answer('send', (to, text) => `sent to ${to}: ${text}`);
    const rates = createProbe(rate).answer('run', 2).answerOnce('run', 1);
    const books = createProbe(book).answer('run', 'probed');
    await using grid = await createTestGrid({ definitions, probes: [mail, rates, books] });
    expect(await grid.actor(shop, 'main').order('ann')).toBe('sent to ann: probed for 1');
    expect(await grid.actor(shop, 'main').order('bob')).toBe('sent to bob: probed for 2');
    expect(mail.calls).toMatchObject([
      { method: 'send', key: 'main', args: ['ann', 'probed for 1'] },
      { method: 'send', key: 'main', args: ['bob', 'probed for 2'] },
    ]);
    expect(rates.calls.map(({ args }) => args)).toEqual([['EUR'], ['EUR']]);
    expect(books.calls).toMatchObject([{ method: 'run', key: undefined, args: ['ann'] }, { args: ['bob'] }]);
  });

  test('also where a transaction calls the procedure, and where the definition was not named', async () => {
    const books = createProbe(book).answer('run', 'probed');
    await using grid = await createTestGrid({ definitions: [orders], probes: [books] });
    expect(await grid.transaction(() => grid.run(book, 'ann'))).toBe('probed');
  });

  test('fails calls by script, with the error that the caller is to see', async () => {
    class MailError extends Error {}
    const mail = createProbe(mailer).fail('send', new MailError('down')).answerOnce('send', 'first');
    await using grid = await createTestGrid({ definitions, probes: [mail] });
    const main = grid.actor(mailer, 'main');
    expect(await main.send('ann', 'x')).toBe('first');
    expect(await reasonOf(main.send('ann', 'x'))).toMatchObject({ message: 'down' });
    mail.answer('send', 'up').failOnce('send', new Error('once'));
    expect(await reasonOf(main.send('ann', 'x'))).toMatchObject({ message: 'once' });
    expect(await main.send('ann', 'x')).toBe('up');
  });

  test('holds calls until the test answers them, or their deadline comes', async () => {
    const mail = createProbe(mailer).hold('send');
    const probes = [mail, createProbe(rate), createProbe(book)];
    await using grid = await createTestGrid({ definitions, probes });
    const ordered = grid.actor(shop, 'main').order('ann');
    const call = await mail.next('send');
    expect(call.isWaiting).toBe(true);
    call.answer('at last');
    expect(await ordered).toBe('at last');
    expect(() => call.answer('twice')).toThrow(ProbeError);
    const late = reasonOf(grid.actor(shop, 'main').order('bob'));
    const second = await mail.next();
    await grid.advance(5_000);
    expect(await late).toMatchObject({ code: 'TIMEOUT' });
    second.fail(new Error('nobody hears it'));
  });

  test('waits for a call in virtual time, and says what came instead', async () => {
    const mail = createProbe(mailer);
    await using grid = await createTestGrid({ definitions, probes: [mail] });
    await mail.expectNoCall();
    void grid.sleep(1_000).then(() => grid.actor(shop, 'main').later('ann'));
    await mail.expectNoCall('send', { withinMs: 999 });
    expect(await mail.next('send', { withinMs: 10 })).toMatchObject({ key: 'ann', args: ['ann', 'later'] });
    expect(grid.now()).toBe(1_000);
    await grid.actor(mailer, 'main').flush();
    expect(String(await reasonOf(mail.next('send', { withinMs: 50 })))).toBe(
      "ProbeError: actor 'mailer', method 'send', was not called within 50 ms; there came: flush of \"main\" with 0 arguments",
    );
    expect(String(await reasonOf(mail.expectNoCall()))).toContain('but there came flush of "main"');
    expect(await mail.next()).toMatchObject({ method: 'flush' });
    expect(String(await reasonOf(mail.next()))).toBe(
      "ProbeError: actor 'mailer' was not called by now; nothing else came",
    );
  });

  test('refuses methods that the definition lacks, and to be asked without a grid', async () => {
    const mail = createProbe(mailer);
    expect(() => mail.answer('sned' as 'send', 'x')).toThrow(
      "actor 'mailer' has no method 'sned'; it has: send, flush",
    );
    expect(await reasonOf(mail.next())).toBeInstanceOf(ProbeError);
  });

  test('knows the types of what it stands for', () => {
    const mail = createProbe(mailer);
    const next = () => mail.next('send');
    expectTypeOf(next).returns.resolves.toHaveProperty('args').toEqualTypeOf<[string, string]>();
    // @ts-expect-error: an answer of another type
    mail.answer('send', 5);
    // @ts-expect-error: a method that isn't there
    expect(() => mail.hold('other')).toThrow(ProbeError);
  });
});
