import { StatusSlots, StatusWords, statusMemoryBytes } from '@troupe/transactions';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function wordsOf(slots: number): { one: StatusWords; other: StatusWords } {
  const memory = new SharedArrayBuffer(statusMemoryBytes(slots));
  return { one: new StatusWords(memory), other: new StatusWords(memory) };
}

describe('a status word', () => {
  test('shows every view of the memory the same fate', () => {
    const { one, other } = wordsOf(4);
    expect([one.slots, other.slots]).toEqual([4, 4]);
    one.begin(2, 17);
    expect(other.fate(2, 17)).toBe('active');
    expect(other.tryCommitting(2, 17)).toBe(true);
    expect(one.fate(2, 17)).toBe('committing');
    other.commit(2, 17, 99);
    expect([one.fate(2, 17), one.commitTimestamp(2)]).toEqual(['committed', 99]);
  });

  test('is won by one of a wound and a commit, whoever comes first', () => {
    const { one, other } = wordsOf(1);
    one.begin(0, 1);
    expect(other.tryAbort(0, 1)).toBe(true);
    expect(one.tryCommit(0, 1, 5)).toBe(false);
    expect(one.fate(0, 1)).toBe('aborted');
    one.begin(0, 2);
    expect(one.tryCommit(0, 2, 6)).toBe(true);
    expect(other.tryAbort(0, 2)).toBe(false);
    expect(other.fate(0, 2)).toBe('committed');
  });

  test('that is committing can be wounded no more, but ended by who made it so', () => {
    const { one, other } = wordsOf(1);
    one.begin(0, 1);
    one.tryCommitting(0, 1);
    expect(other.tryAbort(0, 1)).toBe(false);
    expect(other.tryCommitting(0, 1)).toBe(false);
    one.abortCommitting(0, 1);
    expect(other.fate(0, 1)).toBe('aborted');
  });

  test('that was lent again is unknown to who comes late, and changed by none of them', () => {
    const { one, other } = wordsOf(1);
    one.begin(0, 1);
    one.tryCommit(0, 1, 3);
    one.begin(0, 4);
    expect(other.fate(0, 1)).toBe('unknown');
    expect([other.tryAbort(0, 1), other.tryCommitting(0, 1), other.tryCommit(0, 1, 9)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(other.fate(0, 4)).toBe('active');
  });

  test('keeps ids of any size that follow each other closely apart', () => {
    const { one } = wordsOf(1);
    const anyId = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 2 ** 20 });
    fc.assert(
      fc.property(anyId, fc.integer({ min: 1, max: 2 ** 20 }), (id, later) => {
        one.begin(0, id);
        expect(one.fate(0, id)).toBe('active');
        expect(one.fate(0, id + later)).toBe('unknown');
        expect(one.tryCommit(0, id, id + 1)).toBe(true);
        expect([one.fate(0, id), one.commitTimestamp(0)]).toEqual(['committed', id + 1]);
      }),
    );
  });
});

describe('a word that the only partition takes', () => {
  test('is committed in one step, and only if nobody has taken it', () => {
    const words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(1)));
    words.begin(0, 1);
    expect([words.tryCommitAlone(0, 1, 9), words.fate(0, 1), words.commitTimestamp(0)]).toEqual([
      true,
      'committed',
      9,
    ]);
    words.begin(0, 2);
    words.tryCommitting(0, 2);
    expect([words.tryCommitAlone(0, 2, 10), words.fate(0, 2), words.commitTimestamp(0)]).toEqual([
      false,
      'committing',
      9,
    ]);
  });
});

describe('the slots of a member', () => {
  test('are lent to one transaction each, until none is left', () => {
    const slots = new StatusSlots(new SharedArrayBuffer(statusMemoryBytes(3)));
    const lent = [slots.tryTake(), slots.tryTake(), slots.tryTake()];
    expect(new Set(lent)).toEqual(new Set([0, 1, 2]));
    expect([slots.tryTake(), slots.used]).toEqual([undefined, 3]);
    slots.release(1);
    expect([slots.used, slots.tryTake()]).toEqual([2, 1]);
  });

  test('that are given back wake those who wait, one for each, in their order', async () => {
    const slots = new StatusSlots(new SharedArrayBuffer(statusMemoryBytes(1)));
    slots.tryTake();
    const woken: string[] = [];
    const first = slots.freed().then(() => woken.push('first'));
    const second = slots.freed().then(() => woken.push('second'));
    slots.release(0);
    await first;
    expect(woken).toEqual(['first']);
    slots.release(0);
    await second;
    expect(woken).toEqual(['first', 'second']);
  });
});
