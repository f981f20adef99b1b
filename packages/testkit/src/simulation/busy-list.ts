/**
 * The actors whose turns have refused earlier attempts of a transaction: the counterpart of `BusyActors`. The next
 * attempt locks them first, patiently. With one it waits as long as it takes; with several, with a whole type, or with
 * the rows of an idempotency key its patience ends, and while others wait for a status word.
 */
import type { PartitionId } from '@troupe/core';
import type { ClockPort } from '../virtual-time.ts';
import { actorsTable } from './actor-host.ts';
import type { AttemptRun } from './attempt-run.ts';
import type { Task } from './task.ts';

/** An actor that was busy; without a key some actor of the type. */
export interface BusyOne {
  readonly key: string | undefined;
  readonly partition: PartitionId;
}

const actorsMax = 8;

export class BusyList {
  #actors: BusyOne[] = [];
  #patienceMs: number;
  readonly #patienceMsMax: number;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs / 2;
    this.#patienceMsMax = patienceMs * 50;
  }

  /** An attempt was refused by this actor; undefined: its patience had ended. */
  note(actor: BusyOne | undefined): void {
    this.#patienceMs = Math.min(this.#patienceMsMax, this.#patienceMs * 2);
    if (actor === undefined) return;
    const others = this.#actors.filter(({ key }) => key !== actor.key);
    this.#actors = [...others.slice(1 - actorsMax), actor];
  }

  /** False: the attempt has ended instead. */
  *lockFirst(
    attempt: AttemptRun,
    clock: ClockPort,
    words: { readonly isShortOfWords: boolean },
  ): Task<boolean> {
    const keys = this.#actors.flatMap(({ key }) => key ?? []);
    const isWhole = keys.length < this.#actors.length;
    const ends = isWhole || keys.length > 1 || attempt.once !== undefined;
    const look = (): void => {
      if (!attempt.isPatient) return;
      if (ends || words.isShortOfWords) attempt.coordinator.abort('busy');
      else clock.setTimer(this.#patienceMs, look);
    };
    attempt.isPatient = true;
    clock.setTimer(this.#patienceMs, look);
    const isReady = yield* isWhole
      ? attempt.lockTables([actorsTable], 'write', 'turns')
      : attempt.lockKeys(keys, 'write', 'turns');
    attempt.isPatient = false;
    return isReady;
  }
}
