import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { actor, actorChannelName, type ActorEvent, ErrorRegistry, TroupeError } from '@troupe/core';
import { afterEach, describe, expect, test } from 'vitest';
import { gate, oneMember, twoMembers } from './actor-grid.ts';

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
    expect(error).toMatchObject({ code: 'OUT_OF_STOCK', left: 3, details: { left: 3 }, message: 'only 3 left' });
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
    const error = await rejectionOf(start().actor(stock, 'a').note({ text: (() => 0) as never }));
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
    expect(stack).toMatch(/at \S*take[^]*thread boundary[^]*at (async )?checkout/);
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

describe('a mailbox that is full', () => {
  const events: ActorEvent[] = [];
  const listen = (event: unknown): number => events.push(event as ActorEvent);
  afterEach(() => {
    unsubscribe(actorChannelName, listen);
    events.length = 0;
  });

  function stuckActor() {
    const stuck = gate();
    const definition = actor('stuck', {
      state: (_key: string) => 0,
      mailboxLengthMax: 2,
      methods: {
        async hold() {
          await stuck.opened;
        },
        add: (ctx) => ++ctx.state,
        fail: () => {
          throw new RangeError('told');
        },
      },
    });
    return { definition, release: stuck.open };
  }

  test('refuses asks with MAILBOX_FULL and tells by an event, until there is room', async () => {
    subscribe(actorChannelName, listen);
    const { definition, release } = stuckActor();
    const { caller, owner } = twoMembers([definition]);
    const stuck = caller.actor(definition, 'a');
    const accepted = [stuck.hold(), stuck.add(), stuck.add()];
    await caller.tell(definition, 'a').add();
    const error = await rejectionOf(stuck.add());
    expect(error).toMatchObject({ code: 'MAILBOX_FULL', retryable: true, details: { actor: 'stuck', key: 'a' } });
    expect(owner.service.tellsRefused).toBe(1);
    expect(events).toMatchObject([{ event: 'tell-refused', actor: 'stuck', key: 'a', method: 'add' }]);
    release();
    expect(await Promise.all(accepted)).toEqual([undefined, 1, 2]);
    expect(await stuck.add()).toBe(3);
  });

  test('has room again when a caller gives up, whose message is never handled', async () => {
    const { definition, release } = stuckActor();
    const { caller } = twoMembers([definition]);
    const abort = new AbortController();
    const stuck = caller.actor(definition, 'a');
    const held = stuck.hold();
    const given = caller.actor(definition, 'a', { signal: abort.signal }).add();
    const kept = stuck.add();
    await rejectionOf(stuck.add());
    abort.abort(new RangeError('enough'));
    await expect(given).rejects.toThrow('enough');
    const late = stuck.add();
    // Refused again: the message that came late has the place of the one given up.
    expect(await rejectionOf(stuck.add())).toMatchObject({ code: 'MAILBOX_FULL' });
    release();
    await held;
    expect([await kept, await late]).toEqual([1, 2]);
  });

  test('has room again when the thread of a caller is lost', async () => {
    const { definition, release } = stuckActor();
    const { caller, owner } = twoMembers([definition]);
    const asks = [caller.actor(definition, 'a').hold(), caller.actor(definition, 'a').add(), caller.actor(definition, 'a').add()];
    const lost = Promise.allSettled(asks);
    await rejectionOf(caller.actor(definition, 'a').add());
    owner.member.lose(0, 1);
    const next = owner.actor(definition, 'a').add();
    release();
    expect(await next).toBe(1);
    caller.member.close();
    await lost;
  });

  test('keeps the member at work, so that closing waits for tells', async () => {
    const { definition, release } = stuckActor();
    const { caller, owner } = twoMembers([definition]);
    await caller.tell(definition, 'a').hold();
    await caller.tell(definition, 'a').add();
    expect(await caller.actor(definition, 'other').add()).toBe(1);
    let idle = false;
    const whenIdle = owner.member.idle().then(() => {
      idle = true;
    });
    expect([idle, owner.service.openMessages]).toEqual([false, 2]);
    release();
    await whenIdle;
    expect(owner.service.openMessages).toBe(0);
  });

  test('is not the only thing published: so is an error of a method that was told', async () => {
    subscribe(actorChannelName, listen);
    const { definition } = stuckActor();
    const { caller } = twoMembers([definition]);
    await caller.tell(definition, 'b').fail();
    await caller.actor(definition, 'b').add();
    expect(events).toMatchObject([{ event: 'tell-failed', actor: 'stuck', key: 'b', method: 'fail', error: { message: 'told' } }]);
  });
});

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to reject');
}
