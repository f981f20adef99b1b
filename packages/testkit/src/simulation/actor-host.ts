/**
 * The actors of one partition, in the place of core's actor service: mailboxes, turns one after another, states. It keeps
 * the rules by which `Activation` gets along with transactions: no turn begins while a transaction has the actor's lock
 * or stands in line for it; a turn under way is not interrupted; a committed state becomes the live one.
 *
 * A turn remembers the state it found, does what it does, and writes that state with its own value appended. So whatever
 * came in between is lost, and the histories tell.
 */
import type { ActorStates, PartitionConcurrency, StorageKey } from '@troupe/core';
import { actorTable } from '@troupe/core';
import type { CallAnswer } from './table-server.ts';
import type { Turn } from './turns.ts';

type List = readonly number[];

/** The hidden table of the only actor type. */
export const actorsTable = actorTable(0);

/** [op, requestId, partition, incarnation, turn]: an ordinary turn; [op, …, key]: what a transaction with the lock works on. */
export const ActorOp = { ask: 32, askIn: 34 } as const;

interface Letter {
  readonly turn: Turn;
  readonly answer: (answer: CallAnswer) => void;
}

interface Actor {
  readonly key: string;
  phase: 'idle' | 'busy' | 'locked';
  state: List;
  readonly mailbox: Letter[];
  restWaiters: (() => void)[];
}

export class ActorHost implements ActorStates {
  readonly #actors = new Map<string, Actor>();
  readonly #run: (turn: Turn, done: () => void) => void;
  readonly #concurrency: () => PartitionConcurrency;

  constructor(run: (turn: Turn, done: () => void) => void, concurrency: () => PartitionConcurrency) {
    this.#run = run;
    this.#concurrency = concurrency;
  }

  /** What is still under way. */
  *unfinished(): Generator<string> {
    for (const { key, phase, mailbox } of this.#actors.values())
      if (phase !== 'idle' || mailbox.length > 0)
        yield `actor ${key} is ${phase}, ${mailbox.length} turns wait`;
  }

  state(key: string): List {
    return this.#actor(key).state;
  }

  ask(turn: Turn, answer: (answer: CallAnswer) => void): void {
    const actor = this.#actor(turn.key);
    actor.mailbox.push({ turn, answer });
    this.#next(actor);
  }

  // ── for the participant ───────────────────────────────────────────────────────────────────────────────────────

  isAtRest(_table: number, key: StorageKey | undefined): boolean {
    return this.#busy(key) === undefined;
  }

  whenAtRest(_table: number, key: StorageKey | undefined, resume: () => void): void {
    this.#busy(key)?.restWaiters.push(resume);
  }

  install(_table: number, key: StorageKey, state: unknown): void {
    this.#actor(key as string).state = state as List;
  }

  #busy(key: StorageKey | undefined): Actor | undefined {
    for (const actor of this.#actors.values())
      if (actor.phase === 'busy' && (key === undefined || key === actor.key)) return actor;
    return undefined;
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #next(actor: Actor): void {
    if (actor.phase !== 'idle' || actor.mailbox.length === 0) return;
    const concurrency = this.#concurrency();
    if (concurrency.isFree(actorsTable, actor.key, 'write')) {
      this.#take(actor);
      return;
    }
    actor.phase = 'locked';
    concurrency.wait(actorsTable, actor.key, 'write', () => this.#take(actor));
  }

  #take(actor: Actor): void {
    const letter = actor.mailbox.shift();
    if (letter === undefined) return;
    actor.phase = 'busy';
    const found = actor.state;
    this.#run(letter.turn, () => {
      actor.state = [...found, letter.turn.value];
      letter.answer({ kind: 'answered', value: found });
      actor.phase = 'idle';
      const waiters = actor.restWaiters;
      actor.restWaiters = [];
      for (const resume of waiters) resume();
      this.#next(actor);
    });
  }

  #actor(key: string): Actor {
    let actor = this.#actors.get(key);
    if (actor === undefined) {
      actor = { key, phase: 'idle', state: [], mailbox: [], restWaiters: [] };
      this.#actors.set(key, actor);
    }
    return actor;
  }
}
