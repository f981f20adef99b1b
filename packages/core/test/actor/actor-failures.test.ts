import { actor, ErrorRegistry, TroupeError } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { gate, oneMember, rejectionOf, twoMembers } from './actor-grid.ts';

class OutOfStock extends TroupeError {
  readonly left: number;

  constructor(left: number) {
    super('OUT_OF_STOCK', `only ${left} left`, { cause: new RangeError('shelf'), details: { left } });
    this.left = left;
  }
}

const stock = actor('stock', {
  state: (_sku: string) => ({ left: 3, notes: [] as string[] }),
  methods: {
    take(ctx, count: number) {
      ctx.state.notes.push(`take ${count}`);
      if (count > ctx.state.left) throw new OutOfStock(ctx.state.left);
      ctx.state.left -= count;
      return ctx.state.left;
    },
    async takeLater(ctx, count: number) {
      await Promise.resolve();
      if (count > ctx.state.left) throw new OutOfStock(ctx.state.left);
    },
    see: (ctx) => ctx.state,
    note(ctx, note: { text: string }) {
      const before = note.text;
      note.text = 'changed by the actor';
      ctx.state.notes.push(before);
    },
    bad: () => ({ deep: [() => 0] }),
    throws: (_ctx, what: unknown) => {
      throw what;
    },
  },
});

const grids = [
  ['on its own thread', () => oneMember([stock])],
  ['behind a link', () => twoMembers([stock], { errors: registry() }).caller],
] as const;

function registry(): ErrorRegistry {
  const errors = new ErrorRegistry();
  errors.register(OutOfStock);
  return errors;
}

describe.each(grids)('an actor %s', (_, start) => {
  test('fails its caller with class, code, cause and properties of the error, and keeps its state', async () => {
    const grid = start();
    const error = await rejectionOf(grid.actor(stock, 'a').take(5));
    expect(error).toBeInstanceOf(OutOfStock);
    expect(error).toMatchObject({
      code: 'OUT_OF_STOCK',
      left: 3,
      details: { left: 3 },
      message: 'only 3 left',
    });
    expect((error as OutOfStock).cause).toBeInstanceOf(RangeError);
    expect(await grid.actor(stock, 'a').see()).toEqual({ left: 3, notes: ['take 5'] });
  });

  test('fails the caller of an asynchronous method the same way and goes on with the next message', async () => {
    const grid = start();
    const failing = rejectionOf(grid.actor(stock, 'a').takeLater(5));
    const next = grid.actor(stock, 'a').take(1);
    expect(await failing).toBeInstanceOf(OutOfStock);
    expect(await next).toBe(2);
  });

  test('passes on what is thrown though it is no error', async () => {
    expect(await rejectionOf(start().actor(stock, 'a').throws('just text'))).toBe('just text');
  });

  test('works on copies of arguments', async () => {
    const grid = start();
    const note = { text: 'mine' };
    const noted = grid.actor(stock, 'a').note(note);
    note.text = 'changed by the caller';
    await noted;
    expect(note.text).toBe('changed by the caller');
    expect((await grid.actor(stock, 'a').see()).notes).toEqual(['mine']);
  });

  test('answers with copies of the moment its turn ended', async () => {
    const grid = start();
    const [seen, left] = await Promise.all([grid.actor(stock, 'a').see(), grid.actor(stock, 'a').take(1)]);
    expect([seen.left, left]).toEqual([3, 2]);
    seen.notes.push('changed by the caller');
    expect((await grid.actor(stock, 'a').see()).notes).toEqual(['take 1']);
  });

  test('refuses an argument that cannot be sent and names it', async () => {
    const error = await rejectionOf(
      start()
        .actor(stock, 'a')
        .note({ text: (() => 0) as never }),
    );
    expect(error).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect((error as Error).message).toContain('argument 1 of stock.note.text');
  });

  test('fails the caller when its answer cannot be sent, and names it', async () => {
    const error = await rejectionOf(start().actor(stock, 'a').bad());
    expect(error).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect((error as Error).message).toContain('the answer of stock.bad.deep[0]');
  });

  test('refuses new messages when its service closes', async () => {
    const { caller, owner } = twoMembers([stock]);
    owner.service.close();
    await expect(caller.actor(stock, 'a').see()).rejects.toMatchObject({ code: 'GRID_CLOSED' });
    await caller.tell(stock, 'a').take(1);
    await rejectionOf(caller.actor(stock, 'a').see());
    expect(owner.service.tellsRefused).toBe(1);
  });
});

describe('the stack of an error from another thread', () => {
  test('has the frames of the method and those of the caller under them', async () => {
    const { caller } = twoMembers([stock]);
    async function checkout(): Promise<void> {
      await caller.actor(stock, 'a').take(5);
    }
    const stack = ((await rejectionOf(checkout())) as Error).stack ?? '';
    expect(stack).toMatch(/at \S*take[\s\S]*thread boundary[\s\S]*at (async )?checkout/);
  });

  test.each([
    ['on one thread', () => oneMember([stock])],
    ['between two', () => twoMembers([stock])],
  ])('that is a refusal has the frames of the caller, %s', async (_, start) => {
    const grid = start();
    const { caller, owner } = 'caller' in grid ? grid : { caller: grid, owner: grid };
    owner.service.close();
    async function checkout(): Promise<void> {
      await caller.actor(stock, 'a').take(5);
    }
    expect(((await rejectionOf(checkout())) as Error).stack).toMatch(
      /GridClosedError[\s\S]*at (async )?checkout/,
    );
  });
});

describe('the state of an actor', () => {
  test('may be made asynchronously while messages wait', async () => {
    const made = gate<string>();
    const late = actor('late', {
      state: async (_key: string) => ({ text: await made.opened }),
      methods: { read: (ctx) => ctx.state.text },
    });
    const { caller } = twoMembers([late]);
    const reads = [caller.actor(late, 'a').read(), caller.actor(late, 'a').read()];
    made.open('here');
    expect(await Promise.all(reads)).toEqual(['here', 'here']);
  });

  test('that fails later fails everybody who waits, and the next message tries again', async () => {
    let attempts = 0;
    const fragile = actor('fragile', {
      state: async (_key: string) => {
        await Promise.resolve();
        if (++attempts === 1) throw new RangeError('no state');
        return attempts;
      },
      methods: { attempt: (ctx) => ctx.state },
    });
    const { caller } = twoMembers([fragile]);
    const both = [caller.actor(fragile, 'a').attempt(), caller.actor(fragile, 'a').attempt()];
    const refusal = { status: 'rejected', reason: { message: 'no state' } };
    expect(await Promise.allSettled(both)).toMatchObject([refusal, refusal]);
    expect(await caller.actor(fragile, 'a').attempt()).toBe(2);
  });

  test('that fails at once fails the message that asked for it, and the next one tries again', async () => {
    let attempts = 0;
    const fragile = actor('fragile', {
      state: (_key: string) => {
        if (++attempts === 1) throw new RangeError('no state');
        return attempts;
      },
      methods: { attempt: (ctx) => ctx.state },
    });
    const { caller } = twoMembers([fragile]);
    await expect(caller.actor(fragile, 'a').attempt()).rejects.toThrow('no state');
    expect(await caller.actor(fragile, 'a').attempt()).toBe(2);
  });
});
