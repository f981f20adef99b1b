import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ActorEvent, actor, actorChannelName } from '@troupe/core';
import { afterEach, describe, expect, test } from 'vitest';
import { gate, rejectionOf, twoMembers } from './actor-grid.ts';

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
    expect(error).toMatchObject({
      code: 'MAILBOX_FULL',
      retryable: true,
      details: { actor: 'stuck', key: 'a' },
    });
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
    const asks = [
      caller.actor(definition, 'a').hold(),
      caller.actor(definition, 'a').add(),
      caller.actor(definition, 'a').add(),
    ];
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
    expect(events).toMatchObject([
      { event: 'tell-failed', actor: 'stuck', key: 'b', method: 'fail', error: { message: 'told' } },
    ]);
  });
});
