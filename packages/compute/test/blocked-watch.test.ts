import { BlockedWatch, type WatchedThread } from '@troupe/compute';
import { describe, expect, test } from 'vitest';

function thread(beats: number, incarnation = 1, host = 0): WatchedThread {
  return { host, incarnation, beats };
}

/** In which looks a thread with these beats is found. */
function foundAt(beats: readonly (number | WatchedThread)[], looksMax = 3): number[] {
  const watch = new BlockedWatch(looksMax);
  return beats.flatMap((at, look) => {
    const found = watch.look([typeof at === 'number' ? thread(at) : at]);
    return found.length > 0 ? [look] : [];
  });
}

describe('the watch over blocked threads', () => {
  test('finds a thread that has not moved between so many looks, once', () => {
    expect(foundAt([5, 5, 5, 5, 5, 5])).toEqual([3]);
  });

  test('finds it again when it has moved in between', () => {
    expect(foundAt([5, 5, 5, 5, 6, 6, 6, 6])).toEqual([3, 7]);
  });

  test('lets a thread be that moves in time', () => {
    expect(foundAt([5, 5, 5, 6, 6, 6, 7, 7, 7])).toEqual([]);
  });

  test('lets a thread be that does not say whether it moves', () => {
    expect(foundAt([0, 0, 0, 0, 0, 0])).toEqual([]);
  });

  test('begins anew with the next thread of a host', () => {
    const next = thread(5, 2);
    expect(foundAt([5, 5, 5, next, next, next])).toEqual([]);
  });

  test('looks at each host by itself', () => {
    const watch = new BlockedWatch(2);
    const looks = [1, 2, 3, 4].map((beat) => watch.look([thread(beat, 1, 0), thread(9, 1, 1)]));
    expect(looks.map((found) => found.map(({ host }) => host))).toEqual([[], [], [1], []]);
  });
});
