import { describe, expect, test } from 'vitest';
import { threadProfile } from '../dist/profile/cpu-profile.js';

function node(id: number, functionName: string, url = '', lineNumber = 0) {
  return { id, callFrame: { functionName, url, lineNumber } };
}

describe('a CPU profile', () => {
  const profile = {
    nodes: [
      node(1, '(root)'),
      node(2, '(idle)'),
      node(3, 'send', 'file:///a/packages/core/dist/link.js', 9),
      node(4, 'send', 'file:///a/packages/core/dist/link.js', 9),
      node(5, '', 'file:///x.js'),
      node(6, '(garbage collector)'),
    ],
    samples: [2, 3, 4, 5, 6],
    timeDeltas: [10_000, 2_000, 3_000, 4_000, 1_000],
  };

  test('says which functions took the time, wherever they were called from', () => {
    expect(threadProfile(profile, 2)).toEqual({
      busyMs: 10,
      idleMs: 10,
      top: [
        { what: 'send core/dist/link.js:10', ms: 5, share: 0.5 },
        { what: '(anonymous) //x.js:1', ms: 4, share: 0.4 },
      ],
    });
  });

  test('of a thread that did nothing has no functions', () => {
    expect(threadProfile({ ...profile, samples: [2], timeDeltas: [5] }, 3).top).toEqual([]);
  });
});
