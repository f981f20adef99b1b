/**
 * One operation of one client on its way into the history. Micro-operations carry plain keys until they are written
 * down; then each key gets the incarnation of its partition that it was read from or written to. What nobody has
 * answered by the end of the run, because a member died, is written down as unknown.
 */
import type { Timestamp } from '@troupe/core';
import type { ListAppendMop, OpenOperation } from '../history.ts';
import type { World } from './world.ts';

/** In which incarnation of its partition a key was touched; 0: not at all. */
export type IncarnationOfKey = (key: string) => number;

export class OperationRecord {
  readonly #world: World;
  readonly #open: OpenOperation<ListAppendMop>;
  readonly #floor: Timestamp;
  #isOpen = true;
  /** What may have been written by now, should nobody ever answer. */
  unanswered:
    | { readonly mops: readonly ListAppendMop[]; readonly incarnationOf: IncarnationOfKey }
    | undefined;

  constructor(world: World, process: string) {
    this.#world = world;
    this.#open = world.history.record(process).invoke([]);
    this.#floor = world.truth.acknowledged;
    world.records.push(this);
  }

  /** It took effect; `at`: when, if it has a timestamp. */
  ok(mops: readonly ListAppendMop[], incarnationOf: IncarnationOfKey, at?: Timestamp): void {
    this.#isOpen = false;
    this.#open.ok(this.#named(mops, incarnationOf));
    if (at === undefined) return;
    this.#world.truth.told(at, this.#floor, mops.some(([name]) => name === 'append') ? 'writer' : 'reader');
  }

  fail(): void {
    this.#isOpen = false;
    this.#open.fail([]);
  }

  /** Nobody will answer any more; of no effect once it was answered. */
  info(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { mops, incarnationOf } = this.unanswered ?? { mops: [], incarnationOf: () => 0 };
    const appends = mops.filter((mop) => mop[0] === 'append' && incarnationOf(mop[1]) > 0);
    this.#open.info(this.#named(appends, incarnationOf));
  }

  #named(mops: readonly ListAppendMop[], incarnationOf: IncarnationOfKey): ListAppendMop[] {
    const name = (key: string): string => this.#world.keys.recorded(key, incarnationOf(key));
    return mops.map((mop): ListAppendMop => {
      if (mop[0] === 'r') return ['r', name(mop[1]), mop[2]];
      return mop[0] === 'append' ? ['append', name(mop[1]), mop[2]] : mop;
    });
  }
}
