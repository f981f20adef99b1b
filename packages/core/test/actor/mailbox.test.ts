import { Mailbox } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

interface Item {
  readonly id: number;
  previous: Item | undefined;
  next: Item | undefined;
  urgent: boolean;
}

function item(id: number): Item {
  return { id, previous: undefined, next: undefined, urgent: false };
}

function drained(mailbox: Mailbox<Item>): number[] {
  const ids: number[] = [];
  for (let at = mailbox.shift(); at !== undefined; at = mailbox.shift()) ids.push(at.id);
  return ids;
}

describe('a mailbox', () => {
  test('refuses what is beyond its bound and takes in again once there is room', () => {
    const mailbox = new Mailbox<Item>(2);
    expect([mailbox.push(item(1)), mailbox.push(item(2)), mailbox.push(item(3))]).toEqual([
      true,
      true,
      false,
    ]);
    expect(mailbox.shift()?.id).toBe(1);
    expect(mailbox.push(item(4))).toBe(true);
    expect(drained(mailbox)).toEqual([2, 4]);
  });

  test('refuses to give up an item that is not in it', () => {
    const mailbox = new Mailbox<Item>(2);
    mailbox.push(item(1));
    expect(() => mailbox.remove(item(2))).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  });

  test('behaves like an array with a bound', () => {
    const step = fc.oneof(fc.constant('push' as const), fc.constant('shift' as const), fc.nat(10));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, lengthMax) => {
        const mailbox = new Mailbox<Item>(lengthMax);
        const model: Item[] = [];
        let id = 0;
        for (const at of steps) {
          if (at === 'push') {
            const added = item(++id);
            expect(mailbox.push(added)).toBe(model.length < lengthMax);
            if (model.length < lengthMax) model.push(added);
          } else if (at === 'shift') expect(mailbox.shift()).toBe(model.shift());
          else if (model.length > 0) mailbox.remove(model.splice(at % model.length, 1)[0] as Item);
          expect(mailbox.length).toBe(model.length);
        }
        expect(drained(mailbox)).toEqual(model.map((left) => left.id));
      }),
    );
  });
});

describe('the lane that goes first', () => {
  test('has no bound, and is taken from before the other, each in its own order', () => {
    const mailbox = new Mailbox<Item>(2);
    for (const id of [1, 2, 3]) mailbox.push(item(id));
    for (const id of [10, 11, 12]) mailbox.pushUrgent(item(id));
    expect(mailbox.length).toBe(5);
    expect(mailbox.first?.id).toBe(10);
    expect(mailbox.push(item(4))).toBe(false);
    expect(drained(mailbox)).toEqual([10, 11, 12, 1, 2]);
  });

  test('keeps both orders whatever is added to and taken out of either lane', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('push', 'urgent', 'shift') }),
      fc.record({ kind: fc.constant('remove'), at: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const mailbox = new Mailbox<Item>(5);
        const lanes: [Item[], Item[]] = [[], []];
        let id = 0;
        for (const { kind, ...rest } of steps) {
          const all = [...lanes[0], ...lanes[1]];
          if (kind === 'push' || kind === 'urgent') {
            const next = item(id++);
            if (kind === 'urgent') {
              mailbox.pushUrgent(next);
              lanes[0].push(next);
            } else if (mailbox.push(next)) lanes[1].push(next);
          } else {
            const gone = kind === 'shift' ? all[0] : all['at' in rest ? rest.at : 0];
            if (gone === undefined) continue;
            if (kind === 'shift') expect(mailbox.shift()).toBe(gone);
            else mailbox.remove(gone);
            for (const lane of lanes) if (lane.includes(gone)) lane.splice(lane.indexOf(gone), 1);
          }
        }
        expect(drained(mailbox)).toEqual([...lanes[0], ...lanes[1]].map((left) => left.id));
        expect(mailbox.length).toBe(0);
      }),
    );
  });
});
