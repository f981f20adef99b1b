/**
 * Hosts that are killed at random moments, a hundred times in all, under a mixed load. Seeded; the moments are still
 * those of real threads. `TROUPE_SEED` chooses another course.
 */
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const seed = Number(process.env['TROUPE_SEED'] ?? 1);
const timeoutMs = 120_000;

type HostEvent = readonly [name: string, host: number, incarnation: number, partitions: readonly number[]];

interface Outcomes {
  readonly hung: readonly string[];
  readonly uncoded: readonly string[];
  /** By call and code. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  readonly complaints: readonly string[];
}

interface KillStorm extends Outcomes {
  readonly events: readonly HostEvent[];
  readonly rows: readonly { readonly incarnation: number; readonly state: string }[];
  readonly left: object;
  readonly before: { readonly listeners: object };
  readonly after: { readonly listeners: object };
}

interface CommitStorm extends Outcomes {
  readonly acknowledged: number;
  readonly aborted: number;
}

/** What a call may end with when a thread dies under it. */
const faultCodes = ['ok', 'HOST_LOST', 'PARTITION_LOST', 'PARTITION_UNAVAILABLE', 'SNAPSHOT_TOO_OLD'];
/** An explicit transaction is not tried again for its user, so it may lose a conflict besides. */
const explicitCodes = [...faultCodes, 'TRANSACTION_ABORTED', 'TRANSACTION_FINISHED'];

describe('a grid whose hosts are killed', () => {
  test.each([
    { hosts: 2, kills: 35 },
    { hosts: 3, kills: 35 },
  ])(
    '$kills times of $hosts hosts ends every call, serves again each time and leaves nothing behind',
    { timeout: timeoutMs },
    async ({ hosts, kills }) => {
      const printed = await runProgram('kill-storm.mjs', { args: [seed + hosts, kills, hosts], timeoutMs });
      const storm = JSON.parse(printed) as KillStorm;
      expect(storm).toMatchObject({ hung: [], uncoded: [], faults: [], complaints: [] });
      expect(codesOf(storm)).toEqual(expect.arrayContaining(['ok', 'HOST_LOST', 'PARTITION_LOST']));
      expect(strange(storm)).toEqual([]);
      expect(storm.left).toEqual({ pendingCalls: 0, openWork: 0, abortListeners: 0 });
      expect(storm.after).toEqual({ resources: [], listeners: storm.before.listeners });
      expectPairs(storm);
    },
  );

  test.each([
    { hosts: 2, kills: 15 },
    { hosts: 3, kills: 15 },
  ])(
    '$kills times of $hosts hosts while they commit shows no half of a transaction and loses none',
    { timeout: timeoutMs },
    async ({ hosts, kills }) => {
      const printed = await runProgram('commit-storm.mjs', { args: [seed + hosts, kills, hosts], timeoutMs });
      const storm = JSON.parse(printed) as CommitStorm;
      expect(storm).toMatchObject({ hung: [], uncoded: [], faults: [], complaints: [] });
      expect(storm.acknowledged).toBeGreaterThan(kills);
      expect(storm.aborted).toBeGreaterThan(0);
    },
  );
});

function codesOf({ outcomes }: Outcomes): string[] {
  return [...new Set(Object.keys(outcomes).map((outcome) => outcome.slice(outcome.lastIndexOf(' ') + 1)))];
}

/** Outcomes that no fault explains. */
function strange({ outcomes }: Outcomes): string[] {
  return Object.keys(outcomes).filter((outcome) => {
    const [call, code = ''] = outcome.split(/ (?=\w+$)/);
    return !(call === 'explicit' ? explicitCodes : faultCodes).includes(code);
  });
}

/** Each host is lost and restored in turn, in rising incarnations, with the same partitions. */
function expectPairs({ events, rows }: KillStorm): void {
  rows.forEach(({ state, incarnation }, host) => {
    const own = events.filter(([, of]) => of === host);
    expect(state).toBe('serving');
    expect(own.map(([name]) => name)).toEqual(own.map((_event, i) => (i % 2 === 0 ? 'lost' : 'restored')));
    expect(own.length % 2).toBe(0);
    for (let i = 0; i < own.length; i += 2) {
      expect(own[i + 1]?.[2]).toBeGreaterThan(own[i]?.[2] ?? 0);
      expect(own[i + 1]?.[3]).toEqual(own[i]?.[3]);
    }
    expect(own.at(-1)?.[2] ?? 1).toBe(incarnation);
  });
}
