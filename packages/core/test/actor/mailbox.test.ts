import { Mailbox } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

interface Item {
  readonly id: number;
  previous: Item | undefined;
  next: Item | undefined;
}

function item(id: number): Item {
  return { id, previous: undefined, next: undefined };
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
