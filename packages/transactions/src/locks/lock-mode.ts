/**
 * Lock modes of the two levels, and what they say about each other.
 *
 * A table in a partition takes any of the five modes, a key takes S or X only. Whoever locks a key holds the
 * matching intent (IS or IX) on its table, so that a table lock need not look at keys:
 *
 *          IS   IX   S    SIX  X
 *    IS    +    +    +    +    -
 *    IX    +    +    -    -    -
 *    S     +    -    +    -    -
 *    SIX   +    -    -    -    -
 *    X     -    -    -    -    -
 *
 * Sets of modes are bit masks (bit n = mode n), so that "conflicts with any of these" is one operation.
 * The numbers rise with strength; IX and S are the only two of which neither covers the other.
 */

/** The five lock modes: intent to read, intent to write, read all, read all and write some, write all. */
export const LockMode = { IS: 1, IX: 2, S: 3, SIX: 4, X: 5 } as const;
export type LockMode = (typeof LockMode)[keyof typeof LockMode];
export type LockModeName = keyof typeof LockMode;

/** The modes a single key can be locked in. */
export type KeyLockMode = typeof LockMode.S | typeof LockMode.X;

/** A mode, or 0 for none at all. */
export type LockModeOrNone = LockMode | 0;

const { IS, IX, S, SIX, X } = LockMode;

type PerMode<T> = readonly [none: T, is: T, ix: T, s: T, six: T, x: T];

const CONFLICTS: PerMode<number> = [
  0,
  1 << X,
  (1 << S) | (1 << SIX) | (1 << X),
  (1 << IX) | (1 << SIX) | (1 << X),
  (1 << IX) | (1 << S) | (1 << SIX) | (1 << X),
  (1 << IS) | (1 << IX) | (1 << S) | (1 << SIX) | (1 << X),
];

const NAMES: PerMode<LockModeName | '-'> = ['-', 'IS', 'IX', 'S', 'SIX', 'X'];

/** The mask that has only this mode in it; 0 for none. */
export function maskOf(mode: LockModeOrNone): number {
  return mode === 0 ? 0 : 1 << mode;
}

/** Whether `mode` conflicts with any mode in `mask`. */
export function conflictsWithMask(mode: LockModeOrNone, mask: number): boolean {
  return (CONFLICTS[mode] & mask) !== 0;
}

/** Whether two owners may hold these modes on one resource at the same time. */
export function compatible(a: LockMode, b: LockMode): boolean {
  return (CONFLICTS[a] & (1 << b)) === 0;
}

/** The weakest mode that allows what either of the two allows: what an upgrade asks for. */
export function supremum(a: LockMode, b: LockMode): LockMode {
  if ((a === IX && b === S) || (a === S && b === IX)) return SIX;
  return a > b ? a : b;
}

/** `supremum` for an owner that may hold nothing yet. */
export function raised(held: LockModeOrNone, asked: LockMode): LockMode {
  return held === 0 ? asked : supremum(held, asked);
}

/** Whether whoever holds `held` may already do all that `asked` allows. */
export function covers(held: LockModeOrNone, asked: LockMode): boolean {
  return held >= asked && !(held === S && asked === IX);
}

/** The intent on the table that a lock on one of its keys needs. */
export function intentOf(mode: KeyLockMode): typeof LockMode.IS | typeof LockMode.IX {
  return mode === S ? IS : IX;
}

/** The mode as people write it. */
export function lockModeName(mode: LockModeOrNone): LockModeName | '-' {
  return NAMES[mode];
}
