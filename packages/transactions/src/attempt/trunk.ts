/**
 * What branches grow from: the calls of actors and jobs that one transaction makes, at the member that coordinates it.
 * Made by the first of them, so a transaction without any pays nothing.
 *
 * A joined call is an operation of the transaction: it counts as under way until it is answered, and when it fails the
 * transaction has failed. When the transaction ends first, the call is given up, which tells the other thread.
 *
 * An actor that is called is locked like a key, in the hidden table of its type, and its changed state is a write of
 * the workspace to that key; so nested transactions, commit and abort treat it as any other. Calls of one actor go one
 * after another.
 */
import type {
  ActorMessage,
  CallOptions,
  JoinedCalls,
  Member,
  Placement,
  StorageKey,
  TransactionRef,
} from '@troupe/core';
import { actorTable, askIn, ReadOnlyError, sendTell } from '@troupe/core';
import { LockRequests } from '../protocol/lock-requests.ts';
import type { Cell } from '../protocol/workspace.ts';
import { ActorCallGraph, type CalledActor } from './actor-call-graph.ts';
import type { Attempt } from './attempt.ts';
import type { ScopeId } from './scopes.ts';
import { toRef } from './transaction-ref.ts';

/** What trunks need of their member. */
export interface TrunkGround {
  readonly member: Member;
  readonly placement: Placement;
  /** Names the actors of a call that waits for itself. */
  actorCycle(chain: readonly CalledActor[]): Error;
}

export class Trunk {
  readonly #ground: TrunkGround;
  readonly #attempt: Attempt;
  readonly #attemptNumber: number;
  readonly #controller = new AbortController();
  /** Calls of an actor that are still to be made wait for these. */
  readonly #turns = new Map<Cell, Promise<unknown>>();
  readonly #graph = new ActorCallGraph();
  /** Sent when it commits. */
  readonly #tells: ActorMessage[] = [];

  constructor(ground: TrunkGround, attempt: Attempt, attemptNumber: number) {
    this.#ground = ground;
    this.#attempt = attempt;
    this.#attemptNumber = attemptNumber;
    attempt.whenEnded({
      attemptEnded: (outcome) => {
        if (!outcome.committed) this.#controller.abort(attempt.abortError(outcome));
        else for (const tell of this.#tells) void sendTell(ground.member, ground.placement, tell);
      },
    });
  }

  /** Tells that wait for the commit; a nested transaction that fails goes back to how many there were. */
  get tellCount(): number {
    return this.#tells.length;
  }

  dropTellsAfter(count: number): void {
    this.#tells.length = Math.min(count, this.#tells.length);
  }

  /** The calls made in a scope. */
  callsIn(scope: () => ScopeId): JoinedCalls {
    return {
      ask: (message, options) => this.ask(scope(), message, options),
      tell: (message) => this.tell(message),
      call: (options, send) => this.#underWay(options, () => this.#call(scope(), 'writes', send)),
    };
  }

  /** The calls made in a view that may not write: jobs go on with it, actors are refused. */
  readOnlyCallsIn(scope: () => ScopeId): JoinedCalls {
    return {
      ...readOnlyActors,
      call: (options, send) => this.#underWay(options, () => this.#call(scope(), 'reads', send)),
    };
  }

  ask(scope: ScopeId, message: ActorMessage, options?: CallOptions): Promise<unknown> {
    const from = callingTurn(message.path);
    return this.#underWay(
      options,
      from === undefined ? () => this.#inLine(scope, message) : () => this.#askFrom(from, scope, message),
    );
  }

  /** A turn of an actor calls: it must not wait for itself. */
  async #askFrom(from: CalledActor, scope: ScopeId, message: ActorMessage): Promise<unknown> {
    const opened = this.#graph.open(from, message);
    if (typeof opened !== 'function') throw this.#ground.actorCycle(opened);
    try {
      return await this.#inLine(scope, message);
    } finally {
      opened();
    }
  }

  /** Calls of an actor go one after another. */
  #inLine(scope: ScopeId, message: ActorMessage): Promise<unknown> {
    const { actor, key, partition } = message;
    const cell = this.#attempt.workspace.cell(actorTable(actor), key, partition);
    const before = this.#turns.get(cell);
    const turn =
      before === undefined
        ? this.#turn(scope, message, cell)
        : before.then(() => this.#turn(scope, message, cell));
    this.#turns.set(
      cell,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async tell(message: ActorMessage): Promise<void> {
    this.#attempt.assertOpen();
    this.#attempt.wrote?.();
    this.#tells.push(message);
  }

  async #turn(scope: ScopeId, message: ActorMessage, cell: Cell): Promise<unknown> {
    const { member, placement } = this.#ground;
    if (cell.lock !== 'write') await this.#lock(cell);
    this.#attempt.assertOpen();
    const working = cell.written ? { state: cell.own } : undefined;
    const [answer, changed, state] = await this.#call(scope, 'writes', (ref, bounds) =>
      askIn(member, placement, message, ref, working, bounds),
    );
    this.#attempt.assertOpen();
    if (changed === 1) {
      this.#attempt.wrote?.();
      this.#attempt.workspace.write(cell, state);
    }
    return answer;
  }

  #lock(cell: Cell): Promise<void> {
    const requests = new LockRequests('write');
    requests.add(cell);
    return this.#attempt.lockKeys(requests);
  }

  #call<T>(
    scope: ScopeId,
    access: 'reads' | 'writes',
    send: (ref: TransactionRef, bounds: CallOptions) => Promise<T>,
  ): Promise<T> {
    const { id, label } = this.#attempt;
    const ref = toRef({
      id,
      home: this.#ground.member.self.id,
      attempt: this.#attemptNumber,
      label,
      scope,
      readOnly: access === 'reads',
      readTimestamp: undefined,
    });
    // The deadline is the transaction's.
    return send(ref, { timeoutMs: Number.POSITIVE_INFINITY, signal: this.#controller.signal });
  }

  /** An operation of the transaction, which fails with it. */
  #underWay<T>(options: CallOptions | undefined, begin: () => Promise<T>): Promise<T> {
    const operation = this.#run(options, begin);
    // One that a body forgets is refused with its transaction; it is not to end the process too.
    operation.catch(() => undefined);
    return operation;
  }

  async #run<T>(options: CallOptions | undefined, begin: () => Promise<T>): Promise<T> {
    const attempt = this.#attempt;
    attempt.assertOpen();
    attempt.operationsUnderWay++;
    try {
      return await attempt.bounded(begin(), options);
    } catch (error) {
      attempt.fail(error);
      throw error;
    } finally {
      attempt.operationsUnderWay--;
    }
  }
}

/** The turn that makes a call: the last of its path. */
function callingTurn(path: ActorMessage['path']): CalledActor | undefined {
  if (path === undefined) return undefined;
  const [actor, key, method] = path.slice(-3) as [number, StorageKey, number];
  return { actor, key, method };
}

/** Calls of actors where nothing may be written. */
export const readOnlyActors: Pick<JoinedCalls, 'ask' | 'tell'> = {
  ask: () => Promise.reject(readOnly()),
  tell: () => Promise.reject(readOnly()),
};

function readOnly(): ReadOnlyError {
  return new ReadOnlyError(
    "an actor can't be called in a read-only transaction: its state is in no snapshot, and it may change; call it outside, or in one that writes",
  );
}
