/**
 * Turns that are part of a transaction, at the owner: run at once, outside the mailbox, for the transaction holds the
 * actor's lock and no ordinary turn can begin. The method works on a copy of the state; what becomes of the copy is
 * the transaction's business, so a turn whose caller has gone, or whose transaction has ended, leaves no trace.
 */
import { valuesEqual } from '../codec/equality.ts';
import { copyValue } from '../codec/value.ts';
import { InvariantError, ValueNotSupportedError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';
import type { Message } from '../link/outbox.ts';
import type { Branch, JoinedTransactions, TransactionRef } from '../mesh/joined-calls.ts';
import type { Member } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { Activation } from './activation.ts';
import type { OwnContext } from './actor-context.ts';
import type { ActorType } from './actor-type.ts';

/** What these turns stand on. */
export interface JoinedTurnsGround {
  readonly member: Member;
  readonly joins: JoinedTransactions | undefined;
  /** Calls `run` now, outside the async context of whoever is calling. */
  detached(run: () => void): void;
  /** A context for one turn. */
  contextOf(key: StorageKey): OwnContext;
  /** The turn has ended. */
  ended(): void;
}

/** `changed` is 1 when `state` is a new one. */
export type JoinedAnswer = readonly [answer: unknown, changed: 0 | 1, state: unknown];

export class JoinedTurns {
  readonly #ground: JoinedTurnsGround;
  readonly #open = new Map<Peer, Map<number, Branch>>();

  constructor(ground: JoinedTurnsGround) {
    this.#ground = ground;
  }

  /** Begins the turn of an `askIn`. */
  accept(message: Message, from: Peer, activation: Activation): void {
    const { joins, member } = this.#ground;
    if (joins === undefined) throw new InvariantError('a member without transactions was asked to join one');
    const requestId = message[1] as number;
    const branch = joins.open(message[8] as TransactionRef);
    this.#branchesOf(from).set(requestId, branch);
    this.#ground.detached(() => {
      this.#run(message, activation, branch)
        .then(
          (answer) => member.replyOwned(from, requestId, answer),
          (error: unknown) => member.fail(from, requestId, error),
        )
        .finally(() => {
          this.#open.get(from)?.delete(requestId);
          this.#ground.ended();
        });
    });
  }

  cancelled(requestId: number, from: Peer): void {
    this.#open.get(from)?.get(requestId)?.end(abandoned('no longer waits for this turn'));
  }

  peerLost(peer: Peer): void {
    for (const branch of this.#open.get(peer)?.values() ?? []) branch.end(abandoned('is gone'));
    this.#open.delete(peer);
  }

  #branchesOf(peer: Peer): Map<number, Branch> {
    let branches = this.#open.get(peer);
    if (branches === undefined) {
      branches = new Map<number, Branch>();
      this.#open.set(peer, branches);
    }
    return branches;
  }

  async #run(message: Message, activation: Activation, branch: Branch): Promise<JoinedAnswer> {
    const { type, key } = activation;
    const method = message[6] as number;
    const args = message[7] as readonly unknown[];
    const before = message[9] === 1 ? message[10] : await liveState(activation);
    const context = this.#ground.contextOf(key);
    context.state = copyOfState(before, type);
    const answer = await branch.run(type.labelOf(method), () => callMethod(type, method, context, args));
    const copy = copyValue(answer, type.answerNames[method] ?? 'the answer');
    const state = copyOfState(context.state, type);
    // As long as the transaction lives nobody changes what it began with.
    return valuesEqual(before, state) ? [copy, 0, undefined] : [copy, 1, state];
  }
}

function callMethod(type: ActorType, method: number, context: OwnContext, args: readonly unknown[]): unknown {
  const body = type.methods[method] as (
    this: unknown,
    context: unknown,
    ...args: readonly unknown[]
  ) => unknown;
  return body.call(type.definition.methods, context, ...args);
}

function liveState(activation: Activation): Promise<unknown> {
  return new Promise((resolve, reject) =>
    activation.withState({ stateReady: (state) => resolve({ state }), stateFailed: reject }),
  ).then((box) => (box as { readonly state: unknown }).state);
}

function copyOfState(state: unknown, { definition: { name } }: ActorType): unknown {
  try {
    return copyValue(state, `the state of actor '${name}'`);
  } catch (error) {
    if (!(error instanceof ValueNotSupportedError)) throw error;
    throw new ValueNotSupportedError(
      `${error.message}; a transaction works on a copy of an actor's state, so this actor can't be called in one`,
      { details: error.details, cause: error },
    );
  }
}

function abandoned(what: string): Error {
  return new DOMException(`the transaction that called this actor ${what}`, 'AbortError');
}
