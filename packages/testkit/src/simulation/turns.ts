/**
 * Ordinary turns of actors: asked for by clients, run by the owner. Some take time, and some of these run a transaction,
 * which may want keys that others hold who want the actor; it may also want other actors, but only later ones: two turns
 * that ask for each other would wait for ever on real threads, too.
 */
import type { GridMember } from './grid-member.ts';
import { LockingRun } from './locking-run.ts';
import { OperationRecord } from './operation-record.ts';
import { settle } from './settle.ts';
import { runTask, sleep, type Task } from './task.ts';
import type { TransactionPlan } from './transaction-body.ts';
import type { World } from './world.ts';

export interface Turn {
  readonly id: number;
  readonly key: string;
  /** What it appends to the state. */
  readonly value: number;
  /** A turn that is over within its call takes no time. */
  readonly takesTime: boolean;
  readonly plan: TransactionPlan | undefined;
}

/** Every turn of a simulated run. */
export class Turns {
  readonly #turns: Turn[] = [];

  begin(turn: Omit<Turn, 'id'>): Turn {
    const begun = { ...turn, id: this.#turns.length };
    this.#turns.push(begun);
    return begun;
  }

  get(id: number): Turn {
    const turn = this.#turns[id];
    if (turn === undefined) throw new Error(`There is no turn ${id}.`);
    return turn;
  }
}

/** Runs a turn on the owner of its actor. */
export function runTurn(world: World, member: GridMember, turn: Turn, done: () => void): void {
  world.counters.turns += 1;
  if (!turn.takesTime) {
    done();
    return;
  }
  const { clock } = member.context;
  const random = member.random.fork(`turn ${turn.id}`);
  function* serve(): Task {
    yield* sleep(clock, random.next() * world.delay(2));
    if (turn.plan !== undefined) {
      const record = new OperationRecord(world, `turn ${turn.id}`);
      settle(record, yield* new LockingRun(world, member, random, record, undefined).run(turn.plan));
    }
    yield* sleep(clock, random.next() * world.delay(2));
    done();
  }
  runTask(serve(), clock);
}
