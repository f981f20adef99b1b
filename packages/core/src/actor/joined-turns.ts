/**
 * Turns that are part of a transaction, at the owner: run at once, outside the mailbox, for the transaction holds the
 * actor's lock and no ordinary turn can begin. The method works on a copy of the state; what becomes of the copy is
 * the transaction's business, so a turn whose caller has gone, or whose transaction has ended, leaves no trace.
 */
import { valuesEqual } from '../codec/equality.ts';
import { copyValue } from '../codec/value.ts';
import { contextOfMessage } from '../context/request-context.ts';
import { InvalidArgumentError, InvariantError } from '../errors/errors.ts';
import { fromStorageKey } from '../key/key.ts';
import type { Message } from '../link/outbox.ts';
import type { Branch, JoinedTransactions, TransactionRef } from '../mesh/joined-calls.ts';
import type { Member } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { Activation } from './activation.ts';
import type { ContextClasses, ContextHome, OwnContext } from './actor-context.ts';
import type { ActorType } from './actor-type.ts';
import type { CallPath } from './call-path.ts';
import type { CurrentTurn } from './current-turn.ts';
import { Letter } from './letter.ts';
import { copyOfState, frozenState } from './readonly-state.ts';
import type { TurnObserver } from './turn-observer.ts';

/** What these turns stand on. */
export interface JoinedTurnsGround {
  readonly member: Member;
  readonly joins: JoinedTransactions | undefined;
  /** Calls `run` now, outside the async context of whoever is calling. */
  detached(run: () => void): void;
  readonly current: CurrentTurn;
  readonly observer: TurnObserver;
  contexts(): ContextClasses;
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
      this.#run(message, activation, branch, from)
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

  async #run(message: Message, activation: Activation, branch: Branch, from: Peer): Promise<JoinedAnswer> {
    const { type } = activation;
    const before = message[9] === 1 ? message[10] : await liveState(activation);
    const turn = turnOf(message, activation, from);
    const context = this.#contextOf(turn, before, type);
    const answer = await branch.run(type.labelOf(turn.method), () => this.#call(type, turn, context));
    turn.place = 'ended';
    const copy = copyValue(answer, type.answerNames[turn.method] ?? 'the answer');
    if (turn.readonly) return [copy, 0, undefined];
    const state = copyOfState(context.state, type, mustBeData);
    // As long as the transaction lives nobody changes what it began with.
    return valuesEqual(before, state) ? [copy, 0, undefined] : [copy, 1, state];
  }

  #contextOf(turn: Letter, before: unknown, type: ActorType): OwnContext {
    const contexts = this.#ground.contexts();
    const key = fromStorageKey(turn.home.key);
    const home: ContextHome = {
      turnOf: () => turn,
      stop: () => undefined,
      setTimer: noTimers,
      clearTimer: noTimers,
      watch: noTimers,
      type,
      setReminder: noTimers,
      clearReminder: noTimers,
    };
    if (turn.readonly)
      return contexts.readonly(key, frozenState(before, type), type.labelOf(turn.method), home);
    const context = contexts.own(key, home);
    context.state = copyOfState(before, type, mustBeData);
    return context;
  }

  #call(type: ActorType, turn: Letter, context: OwnContext): unknown {
    const { current, observer } = this.#ground;
    const outer = current.begin(turn);
    try {
      if (current.holdsReferences && type.isAsync(turn.method)) current.enter(turn);
      return observer.call(turn, type, context);
    } finally {
      current.leave(outer);
    }
  }
}

function noTimers(): never {
  throw new InvalidArgumentError(
    'a timer, a reminder or a watch would outlive the transaction, which may be undone; set it in a turn outside of any, for instance by a tell',
    { details: { argument: 'this' } },
  );
}

const mustBeData = "a transaction works on a copy of an actor's state, so this actor can't be called in one";

function turnOf(message: Message, home: Activation, from: Peer): Letter {
  const method = message[6] as number;
  const args = message[7] as readonly unknown[];
  const isReadonly = home.type.isReadonly(method);
  const path = message[11] as CallPath | undefined;
  const turn = new Letter(from, message[1] as number, method, args, home, isReadonly, path);
  turn.place = 'running';
  const context = message[12];
  if (context !== undefined) turn.observe().context = contextOfMessage(context);
  return turn;
}

function liveState(activation: Activation): Promise<unknown> {
  return new Promise((resolve, reject) =>
    activation.withState({ stateReady: (state) => resolve({ state }), stateFailed: reject }),
  ).then((box) => (box as { readonly state: unknown }).state);
}

function abandoned(what: string): Error {
  return new DOMException(`the transaction that called this actor ${what}`, 'AbortError');
}
