/**
 * The schedules of Hermitage (Martin Kleppmann's tests of isolation levels), and what must become of them under strict
 * two-phase locking with wound-wait. Keys 1 and 2 begin as 10 and 20. A script has one step a line:
 *
 *     T1 r 1 -> 10                 reads a key (`-`: absent)
 *     T1 all -> 1=10 2=20          reads the table (`nothing`: empty)
 *     T1 find =30, find %3         reads the table, and picks the entries whose value is 30, is divisible by 3
 *     T1 w 1=11                    locks and overwrites a key;  `blind 1=11` leaves the lock to the commit
 *     T1 insert 3=30               a key that is absent
 *     T1 add 10                    reads the table, adds 10 to every value
 *     T1 change =10 to 12          reads the table, overwrites what is 10
 *     T1 delete =20                reads the table, removes what is 20
 *     T1 commit, T1 rollback
 *
 * Instead of a result, `-> waits` (for somebody older) or `-> refused` (it had been wounded). Behind `|` stands what
 * else the step does: `wounds T2`, `T2 goes on -> 10` (its step that waited ends), `now 1=11 2=20` (what everybody sees
 * who begins from now on; before, and after steps without it, they see what they saw before).
 */

export interface Schedule {
  readonly name: string;
  /** Ages: T1, T2, T3. */
  readonly firstOlder: Script;
  /** Ages: T2, T1, T3. */
  readonly secondOlder: Script;
}

/** One script, or two where it matters whether keys 1 and 2 share a partition. */
export type Script = string | { readonly onePartition: string; readonly twoPartitions: string };

export const schedules: readonly Schedule[] = [
  {
    name: 'G0 (dirty write)',
    firstOlder: `
      T1 w 1=11
      T2 w 1=12 -> waits
      T1 w 2=21
      T1 commit | T2 goes on | now 1=11 2=21
      T2 w 2=22
      T2 commit | now 1=12 2=22`,
    secondOlder: `
      T1 w 1=11
      T2 w 1=12 | wounds T1
      T1 w 2=21 -> refused
      T1 commit -> refused
      T2 w 2=22
      T2 commit | now 1=12 2=22`,
  },
  {
    name: 'G1a (aborted read)',
    firstOlder: `
      T1 w 1=101
      T2 r 1 -> waits
      T1 rollback | T2 goes on -> 10
      T2 r 1 -> 10
      T2 commit`,
    secondOlder: `
      T1 w 1=101
      T2 r 1 -> 10 | wounds T1
      T1 rollback
      T2 r 1 -> 10
      T2 commit`,
  },
  {
    name: 'G1b (intermediate read)',
    firstOlder: `
      T1 w 1=101
      T2 r 1 -> waits
      T1 w 1=11
      T1 commit | T2 goes on -> 11 | now 1=11 2=20
      T2 commit`,
    secondOlder: `
      T1 w 1=101
      T2 r 1 -> 10 | wounds T1
      T1 w 1=11 -> refused
      T1 commit -> refused
      T2 commit`,
  },
  {
    name: 'G1c (circular information flow)',
    firstOlder: `
      T1 w 1=11
      T2 w 2=22
      T1 r 2 -> 20 | wounds T2
      T2 r 1 -> refused
      T1 commit | now 1=11 2=20
      T2 commit -> refused`,
    secondOlder: `
      T1 w 1=11
      T2 w 2=22
      T1 r 2 -> waits
      T2 r 1 -> 10 | wounds T1
      T1 commit -> refused
      T2 commit | now 1=10 2=22`,
  },
  {
    name: 'OTV (observed transaction vanishes)',
    firstOlder: `
      T1 w 1=11
      T1 w 2=19
      T2 w 1=12 -> waits
      T1 commit | T2 goes on | now 1=11 2=19
      T3 r 1 -> waits
      T2 w 2=18
      T2 commit | T3 goes on -> 12 | now 1=12 2=18
      T3 r 2 -> 18
      T3 r 2 -> 18
      T3 r 1 -> 12
      T3 commit`,
    secondOlder: `
      T1 w 1=11
      T1 w 2=19
      T2 w 1=12 | wounds T1
      T1 commit -> refused
      T3 r 1 -> waits
      T2 w 2=18
      T2 commit | T3 goes on -> 12 | now 1=12 2=18
      T3 r 2 -> 18
      T3 r 2 -> 18
      T3 r 1 -> 12
      T3 commit`,
  },
  {
    name: 'PMP (predicate many preceders)',
    firstOlder: `
      T1 find =30 -> nothing
      T2 insert 3=30 -> waits
      T1 find %3 -> nothing
      T1 commit | T2 goes on
      T2 commit | now 1=10 2=20 3=30`,
    secondOlder: `
      T1 find =30 -> nothing
      T2 insert 3=30 | wounds T1
      T2 commit | now 1=10 2=20 3=30
      T1 find %3 -> refused
      T1 commit -> refused`,
  },
  {
    name: 'PMP-write (predicate many preceders, for writes)',
    firstOlder: `
      T1 add 10
      T2 delete =20 -> waits
      T1 commit | T2 goes on -> 1 | now 1=20 2=30
      T2 find =20 -> nothing
      T2 commit | now 2=30`,
    secondOlder: `
      T1 add 10
      T2 delete =20 -> 2 | wounds T1
      T1 commit -> refused
      T2 find =20 -> nothing
      T2 commit | now 1=10`,
  },
  {
    name: 'PMP-write, the reader first',
    firstOlder: `
      T2 find =20 -> 2=20
      T1 add 10 | wounds T2
      T2 delete =20 -> refused
      T1 commit | now 1=20 2=30
      T2 commit -> refused`,
    secondOlder: `
      T2 find =20 -> 2=20
      T1 add 10 -> waits
      T2 delete =20 -> 2 | wounds T1
      T1 commit -> refused
      T2 commit | now 1=10`,
  },
  {
    name: 'P4 (lost update)',
    firstOlder: `
      T1 r 1 -> 10
      T2 r 1 -> 10
      T1 w 1=11 | wounds T2
      T2 w 1=11 -> refused
      T1 commit | now 1=11 2=20
      T2 commit -> refused`,
    secondOlder: `
      T1 r 1 -> 10
      T2 r 1 -> 10
      T1 w 1=11 -> waits
      T2 w 1=11 | wounds T1
      T1 commit -> refused
      T2 commit | now 1=11 2=20`,
  },
  {
    name: 'G-single (read skew)',
    firstOlder: `
      T1 r 1 -> 10
      T2 r 1 -> 10
      T2 r 2 -> 20
      T2 w 1=12 -> waits
      T1 r 2 -> 20
      T1 commit | T2 goes on
      T2 w 2=18
      T2 commit | now 1=12 2=18`,
    secondOlder: `
      T1 r 1 -> 10
      T2 r 1 -> 10
      T2 r 2 -> 20
      T2 w 1=12 | wounds T1
      T2 w 2=18
      T2 commit | now 1=12 2=18
      T1 r 2 -> refused
      T1 commit -> refused`,
  },
  {
    name: 'G-single, by predicate dependencies',
    firstOlder: `
      T1 find %5 -> 1=10 2=20
      T2 change =10 to 12 -> waits
      T1 find %3 -> nothing
      T1 commit | T2 goes on -> 1
      T2 commit | now 1=12 2=20`,
    secondOlder: `
      T1 find %5 -> 1=10 2=20
      T2 change =10 to 12 -> 1 | wounds T1
      T2 commit | now 1=12 2=20
      T1 find %3 -> refused
      T1 commit -> refused`,
  },
  {
    name: 'G-single, with a write by predicate',
    firstOlder: `
      T1 r 1 -> 10
      T2 all -> 1=10 2=20
      T2 w 1=12 -> waits
      T1 delete =20 -> 2 | wounds T2
      T2 w 2=18 -> refused
      T1 commit | now 1=10
      T2 commit -> refused`,
    secondOlder: `
      T1 r 1 -> 10
      T2 all -> 1=10 2=20
      T2 w 1=12 | wounds T1
      T2 w 2=18
      T2 commit | now 1=12 2=18
      T1 delete =20 -> refused
      T1 commit -> refused`,
  },
  {
    name: 'G-single, with a write by predicate that is undone',
    firstOlder: `
      T1 r 1 -> 10
      T2 all -> 1=10 2=20
      T2 w 1=12 -> waits
      T1 delete =20 -> 2 | wounds T2
      T2 w 2=18 -> refused
      T1 rollback
      T2 commit -> refused
      T3 w 1=12
      T3 w 2=18
      T3 commit | now 1=12 2=18`,
    secondOlder: `
      T1 r 1 -> 10
      T2 all -> 1=10 2=20
      T2 w 1=12 | wounds T1
      T1 delete =20 -> refused
      T2 w 2=18
      T1 rollback
      T2 commit | now 1=12 2=18`,
  },
  {
    name: 'G2-item (write skew)',
    firstOlder: `
      T1 r 1 -> 10
      T1 r 2 -> 20
      T2 r 1 -> 10
      T2 r 2 -> 20
      T1 w 1=11 | wounds T2
      T2 w 2=21 -> refused
      T1 commit | now 1=11 2=20
      T2 commit -> refused`,
    secondOlder: `
      T1 r 1 -> 10
      T1 r 2 -> 20
      T2 r 1 -> 10
      T2 r 2 -> 20
      T1 w 1=11 -> waits
      T2 w 2=21 | wounds T1
      T1 commit -> refused
      T2 commit | now 1=10 2=21`,
  },
  {
    name: 'G2 (write skew by predicate)',
    firstOlder: `
      T1 find %3 -> nothing
      T2 find %3 -> nothing
      T1 insert 3=30 | wounds T2
      T2 insert 4=42 -> refused
      T1 commit | now 1=10 2=20 3=30
      T2 commit -> refused`,
    secondOlder: `
      T1 find %3 -> nothing
      T2 find %3 -> nothing
      T1 insert 3=30 -> waits
      T2 insert 4=42 | wounds T1
      T1 commit -> refused
      T2 commit | now 1=10 2=20 4=42`,
  },
  {
    name: 'G2 with two anti-dependency edges',
    firstOlder: {
      onePartition: `
        T1 all -> 1=10 2=20
        T2 w 2=25 -> waits
        T3 all -> waits
        T1 w 1=0
        T1 commit | T2 goes on | now 1=0 2=20
        T2 commit | T3 goes on -> 1=0 2=25 | now 1=0 2=25
        T3 commit`,
      // T3 has been told that it holds the table in the other partition, where T1 now wants to write.
      twoPartitions: `
        T1 all -> 1=10 2=20
        T2 w 2=25 -> waits
        T3 all -> waits
        T1 w 1=0 | wounds T3
        T1 commit | T2 goes on | now 1=0 2=20
        T2 commit | now 1=0 2=25
        T3 commit -> refused`,
    },
    secondOlder: `
      T1 all -> 1=10 2=20
      T2 w 2=25 | wounds T1
      T2 commit | now 1=10 2=25
      T3 all -> 1=10 2=25
      T3 commit
      T1 w 1=0 -> refused
      T1 commit -> refused`,
  },
];

/** Blind writes take their locks with the commit, which therefore is what waits, wounds or is refused. */
export const blindSchedules: readonly Schedule[] = [
  {
    name: 'G0 with blind writes',
    firstOlder: `
      T1 blind 1=11
      T2 blind 1=12
      T1 blind 2=21
      T1 commit | now 1=11 2=21
      T2 blind 2=22
      T2 commit | now 1=12 2=22`,
    secondOlder: `
      T1 blind 1=11
      T2 blind 1=12
      T1 blind 2=21
      T1 commit | now 1=11 2=21
      T2 blind 2=22
      T2 commit | now 1=12 2=22`,
  },
  {
    name: 'P4 with blind writes',
    firstOlder: `
      T1 r 1 -> 10
      T2 r 1 -> 10
      T1 blind 1=11
      T2 blind 1=12
      T1 commit | wounds T2 | now 1=11 2=20
      T2 commit -> refused`,
    secondOlder: `
      T1 r 1 -> 10
      T2 r 1 -> 10
      T1 blind 1=11
      T2 blind 1=12
      T1 commit -> waits
      T2 commit | wounds T1 | now 1=12 2=20`,
  },
  {
    name: 'G2-item with blind writes',
    firstOlder: `
      T1 r 1 -> 10
      T1 r 2 -> 20
      T2 r 1 -> 10
      T2 r 2 -> 20
      T1 blind 1=11
      T2 blind 2=21
      T1 commit | wounds T2 | now 1=11 2=20
      T2 commit -> refused`,
    secondOlder: `
      T1 r 1 -> 10
      T1 r 2 -> 20
      T2 r 1 -> 10
      T2 r 2 -> 20
      T1 blind 1=11
      T2 blind 2=21
      T1 commit -> waits
      T2 commit | wounds T1 | now 1=10 2=21`,
  },
  {
    name: 'G0 with a blind write behind a locked one',
    firstOlder: `
      T1 blind 2=21
      T2 w 1=12
      T1 blind 1=11
      T1 commit | wounds T2 | now 1=11 2=21
      T2 commit -> refused`,
    secondOlder: {
      // T1 has been told nothing yet: it gives key 2 back, and goes back into line.
      onePartition: `
        T1 blind 2=21
        T2 w 1=12
        T1 blind 1=11
        T1 commit -> waits
        T2 w 2=22
        T2 commit | T1 goes on | now 1=11 2=21`,
      // T1 has the lock of key 2 and has been told so, so it can only be ended; it has not voted, so no snapshot waits.
      twoPartitions: `
        T1 blind 2=21
        T2 w 1=12
        T1 blind 1=11
        T1 commit -> waits
        T2 w 2=22 | wounds T1
        T2 commit | now 1=12 2=22`,
    },
  },
];
