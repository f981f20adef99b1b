/**
 * Makes a history of a run in which partitions really died fit for the checkers. On real threads nobody sees the moment
 * of a death, nor which generation of a partition an operation touched; so the data has to tell:
 *
 * - Keys live in homes, each in one partition. A home holds a *stamp*, read by every operation that touches the home. Who
 *   finds none, because the partition is new, writes one, drawn from a clock that only rises. So a stamp names one
 *   generation of its home, and stamps rise with the generations.
 * - The program that kills notes between which two moments of the history each home was lost.
 *
 * From this each key gets its generation (`recordedKey`), and each loss becomes a `clear`, not before the loss began and
 * before the first that saw the new generation was answered. What can't be placed is left out rather than guessed:
 *
 * - reads that found no stamp (a snapshot of a partition nobody has written to yet), unless nothing had been lost since
 *   somebody last saw one: then something vanished, which is reported;
 * - writes of failed and unknown operations that nobody saw. What was seen is placed where it was seen.
 */
import type { ClearMop, OperationOutcome, RecordedOperation } from './history.ts';
import { recordedKey } from './history.ts';

type KeyedMop = readonly [name: string, key: string, value: unknown];

/** What a client did and saw, under plain keys. */
export interface StampedOperation<Mop extends KeyedMop> {
  readonly process: string;
  readonly invokeIndex: number;
  readonly completeIndex: number;
  readonly type: OperationOutcome;
  readonly mops: readonly Mop[];
  /** By home, if `ok`: the stamp it read or wrote; `null` when it found none and wrote none. */
  readonly stamps: Readonly<Record<string, number | null>>;
}

/** A home was lost at some moment between these two. */
export interface HomeLoss {
  readonly home: string;
  readonly fromIndex: number;
  readonly toIndex: number;
}

/** What is known of a run besides its operations. */
export interface GenerationRules {
  /** The home of a plain key. */
  readonly homeOf: (key: string) => string;
  readonly losses: readonly HomeLoss[];
}

/** A history for the checkers, and what is wrong already. */
export interface NamedHistory<Mop> {
  readonly operations: readonly RecordedOperation<Mop | ClearMop>[];
  readonly problems: readonly string[];
}

/** Names the generations of all keys. */
export function nameGenerations<Mop extends KeyedMop>(
  operations: readonly StampedOperation<Mop>[],
  rules: GenerationRules,
): NamedHistory<Mop> {
  const naming = new Naming(operations, rules);
  const named: RecordedOperation<Mop | ClearMop>[] = operations.map((operation) => ({
    process: operation.process,
    invokeIndex: operation.invokeIndex,
    completeIndex: operation.completeIndex,
    type: operation.type,
    mops: operation.mops.flatMap((mop) => naming.named(mop, operation)),
  }));
  const clears = naming.clears();
  const problems = [...naming.problems, ...vanished(operations, rules.losses)];
  return { operations: [...named, ...clears], problems };
}

class Naming<Mop extends KeyedMop> {
  readonly problems: string[] = [];
  readonly #rules: GenerationRules;
  /** By home: its stamps in ascending order, with the moment at which somebody who saw one was first answered. */
  readonly #generations = new Map<string, { readonly stamp: number; readonly seenAt: number }[]>();
  /** By key and value: the generation of which it was read. */
  readonly #seenIn = new Map<string, number>();

  constructor(operations: readonly StampedOperation<Mop>[], rules: GenerationRules) {
    this.#rules = rules;
    this.#order(operations);
    for (const operation of operations) if (operation.type === 'ok') this.#noteReads(operation);
  }

  named(mop: Mop, operation: StampedOperation<Mop>): Mop[] {
    const [name, key, value] = mop;
    const partition = this.#rules.homeOf(key);
    const generation =
      operation.type === 'ok'
        ? this.#generationOf(partition, operation.stamps[partition])
        : this.#seenIn.get(`${key} ${String(value)}`);
    if (generation === undefined || (operation.type !== 'ok' && name === 'r')) return [];
    return [[name, recordedKey({ key, partition, generation }), value] as unknown as Mop];
  }

  /** The ends of all generations that have a successor. */
  clears(): RecordedOperation<ClearMop>[] {
    return [...this.#generations].flatMap(([home, generations]) => {
      const losses = this.#rules.losses.filter((loss) => loss.home === home);
      losses.sort((left, right) => left.fromIndex - right.fromIndex);
      return generations.slice(1).flatMap(({ stamp, seenAt }, i) => {
        const loss = losses[i];
        if (loss === undefined || loss.fromIndex > seenAt)
          this.problems.push(`${home} has a new generation (stamp ${stamp}) though it had not been lost`);
        return {
          process: `${home}.${i + 1}`,
          invokeIndex: Math.min(loss?.fromIndex ?? 0, seenAt - 0.5),
          completeIndex: seenAt - 0.25,
          type: 'ok' as const,
          mops: [['clear', home, i + 1]] as const,
        };
      });
    });
  }

  #order(operations: readonly StampedOperation<Mop>[]): void {
    const seenAt = new Map<string, Map<number, number>>();
    for (const { type, stamps, completeIndex } of operations) {
      if (type !== 'ok') continue;
      for (const [home, stamp] of Object.entries(stamps)) {
        if (stamp === null) continue;
        const ofHome = seenAt.get(home) ?? new Map<number, number>();
        ofHome.set(stamp, Math.min(completeIndex, ofHome.get(stamp) ?? Infinity));
        seenAt.set(home, ofHome);
      }
    }
    for (const [home, ofHome] of seenAt) {
      const stamps = [...ofHome].map(([stamp, at]) => ({ stamp, seenAt: at }));
      this.#generations.set(
        home,
        stamps.sort((left, right) => left.stamp - right.stamp),
      );
    }
  }

  #noteReads({ mops, stamps }: StampedOperation<Mop>): void {
    for (const [name, key, value] of mops) {
      if (name !== 'r') continue;
      const home = this.#rules.homeOf(key);
      const generation = this.#generationOf(home, stamps[home]);
      if (generation === undefined) continue;
      for (const element of Array.isArray(value) ? value : [value])
        this.#seenIn.set(`${key} ${String(element)}`, generation);
    }
  }

  #generationOf(home: string, stamp: number | null | undefined): number | undefined {
    if (stamp === undefined || stamp === null) return undefined;
    const position = this.#generations.get(home)?.findIndex((generation) => generation.stamp === stamp) ?? -1;
    return position < 0 ? undefined : position + 1;
  }
}

/** Reads that found no stamp though one had been seen and nothing was lost in between. */
function vanished<Mop extends KeyedMop>(
  operations: readonly StampedOperation<Mop>[],
  losses: readonly HomeLoss[],
): string[] {
  const problems: string[] = [];
  const answered = operations.filter(({ type }) => type === 'ok');
  const byCompletion = answered.toSorted((left, right) => left.completeIndex - right.completeIndex);
  const lastSeen = new Map<string, StampedOperation<Mop>>();
  let next = 0;
  for (const operation of answered.toSorted((left, right) => left.invokeIndex - right.invokeIndex)) {
    for (; next < byCompletion.length; next++) {
      const earlier = byCompletion[next];
      if (earlier === undefined || earlier.completeIndex > operation.invokeIndex) break;
      for (const [home, stamp] of Object.entries(earlier.stamps))
        if (stamp !== null) lastSeen.set(home, earlier);
    }
    for (const [home, stamp] of Object.entries(operation.stamps)) {
      const seen = lastSeen.get(home);
      if (stamp !== null || seen === undefined) continue;
      const wasLost = losses.some(
        (loss) =>
          loss.home === home && loss.toIndex > seen.invokeIndex && loss.fromIndex < operation.completeIndex,
      );
      if (!wasLost) problems.push(`${operation.process} found ${home} empty, which nobody had lost`);
    }
  }
  return problems;
}
