import { compatible, covers, intentOf, LockMode, lockModeName, supremum } from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const modes = Object.values(LockMode);

// What a holder may do and what it lets others do, from which everything else follows.
const meaning: Record<string, { reads: 'some' | 'all'; writes: 'none' | 'some' | 'all' }> = {
  IS: { reads: 'some', writes: 'none' },
  IX: { reads: 'some', writes: 'some' },
  S: { reads: 'all', writes: 'none' },
  SIX: { reads: 'all', writes: 'some' },
  X: { reads: 'all', writes: 'all' },
};

const matrix = `
       IS  IX  S   SIX X
   IS  +   +   +   +   -
   IX  +   +   -   -   -
   S   +   -   +   -   -
   SIX +   -   -   -   -
   X   -   -   -   -   -`;

describe('lock modes', () => {
  test('are compatible as in the classic matrix', () => {
    const cell = (a: LockMode, b: LockMode): string => (compatible(a, b) ? '+' : '-').padEnd(4);
    const rows = modes.map((a) =>
      `   ${lockModeName(a).padEnd(4)}${modes.map((b) => cell(a, b)).join('')}`.trimEnd(),
    );
    const head = `       ${modes.map((mode) => lockModeName(mode).padEnd(4)).join('')}`.trimEnd();
    expect(`\n${[head, ...rows].join('\n')}`).toBe(matrix);
  });

  test('have a supremum that covers both and is covered by whatever else covers both', () => {
    for (const a of modes) {
      for (const b of modes) {
        const both = supremum(a, b);
        expect([covers(both, a), covers(both, b)]).toEqual([true, true]);
        for (const other of modes)
          if (covers(other, a) && covers(other, b)) expect(covers(other, both)).toBe(true);
      }
    }
    expect(supremum(LockMode.IX, LockMode.S)).toBe(LockMode.SIX);
  });

  test('cover another exactly when they allow all that it allows', () => {
    const rank = { none: 0, some: 1, all: 2 };
    for (const a of modes) {
      for (const b of modes) {
        const [mine, other] = [meaning[lockModeName(a)], meaning[lockModeName(b)]];
        if (mine === undefined || other === undefined) throw new Error('a mode without a meaning');
        const allows = rank[mine.reads] >= rank[other.reads] && rank[mine.writes] >= rank[other.writes];
        expect(covers(a, b), `${lockModeName(a)} covers ${lockModeName(b)}`).toBe(allows);
      }
    }
    for (const mode of modes) expect(covers(0, mode)).toBe(false);
  });

  test('a stronger mode conflicts with all that a weaker one conflicts with', () => {
    for (const a of modes) {
      for (const b of modes.filter((weaker) => covers(a, weaker))) {
        for (const other of modes) if (!compatible(b, other)) expect(compatible(a, other)).toBe(false);
      }
    }
  });

  test('a key needs the intent of what is done to it', () => {
    expect([intentOf(LockMode.S), intentOf(LockMode.X)]).toEqual([LockMode.IS, LockMode.IX]);
  });
});
