// What a member shows of its calls and its work: two views of one memory, as of two threads.
import { CallMemory, callMemoryBytes } from '@troupe/core';
import { describe, expect, test } from 'vitest';

function views(): [own: CallMemory, other: CallMemory] {
  const buffer = new SharedArrayBuffer(callMemoryBytes);
  return [new CallMemory(buffer), new CallMemory(buffer)];
}

describe('a cancel flag', () => {
  test('is seen by others, for this call and no other', () => {
    const [own, { cancels }] = views();
    own.cancels.raise(5);
    expect([4, 5, 6].map((id) => cancels.isRaised(id))).toEqual([false, true, false]);
  });

  test('is not taken for that of a call whose number shares its place, before or after', () => {
    const [own, { cancels }] = views();
    const calls = [1, 2, 3, 1_000, 100_000, 2 ** 30].map((round) => 7 + round * 65_536);
    expect([7, ...calls].some((id) => cancels.isRaised(id))).toBe(false);
    for (const id of calls) {
      own.cancels.raise(id);
      expect([7, ...calls].filter((other) => cancels.isRaised(other))).toEqual([id]);
    }
  });

  test('of no call is raised in new memory', () => {
    const [, { cancels }] = views();
    expect(Array.from({ length: 65_536 * 2 }, (_, id) => id).some((id) => cancels.isRaised(id))).toBe(false);
  });
});

describe('a board', () => {
  test('shows the work its thread is in, also when one piece lies in another', () => {
    const [{ board }, other] = views();
    const outer = board.enter(1, 10);
    const inner = board.enter(2, 20);
    expect(other.board.current).toEqual({ id: 2, definition: 20 });
    board.leave(inner);
    expect(other.board.current).toMatchObject({ id: 1 });
    board.leave(outer);
    expect(other.board.current).toBeUndefined();
  });

  test('shows the work that waits, and as much of it as it has room for', () => {
    const [{ board }, other] = views();
    const slots = Array.from({ length: 300 }, (_, i) => board.add(i + 1, i));
    expect(other.board.waiting).toHaveLength(254);
    expect(slots.filter((slot) => slot === 0)).toHaveLength(300 - 254);
    for (const slot of slots.slice(1)) board.remove(slot);
    expect(other.board.waiting).toEqual([{ id: 1, definition: 0 }]);
  });

  test('counts beats', () => {
    const [{ board }, other] = views();
    expect(other.board.beats).toBe(0);
    board.beat();
    board.beat();
    expect(other.board.beats).toBe(2);
  });

  test('holds no verdict until its thread is condemned', () => {
    const [{ board }, other] = views();
    board.enter(1, 1);
    expect(other.board.verdictOn(1)).toBeUndefined();
    other.board.condemn(300);
    expect([board.blockedMs, board.verdictOn(1), board.verdictOn(2)]).toEqual([300, 'certain', undefined]);
  });

  test('finds the work guilty that the thread was in, else one that waits alone, else suspects all', () => {
    const verdicts = (waiting: readonly number[], current?: number): unknown[] => {
      const [{ board }, other] = views();
      for (const id of waiting) board.add(id, 0);
      if (current !== undefined) board.enter(current, 0);
      other.board.condemn(1);
      return [1, 2, 3].map((id) => board.verdictOn(id));
    };
    expect(verdicts([1, 2], 3)).toEqual([undefined, undefined, 'certain']);
    expect(verdicts([1])).toEqual(['alone', undefined, undefined]);
    expect(verdicts([1, 2])).toEqual(['suspected', 'suspected', undefined]);
    expect(verdicts([])).toEqual([undefined, undefined, undefined]);
  });
});
