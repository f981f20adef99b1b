/**
 * What a caller of a procedure is told when its owner gave no answer. The outcome is never unknown while the caller
 * lives, because it stands in shared memory: the call's cell says which attempt was the last, and the attempt's status
 * word how it ended (`procedure-cells.ts`). Asking ends the call, so "not done" stays true.
 */
import {
  GridClosedError,
  HostLostError,
  type Member,
  type MemberId,
  PartitionLostError,
  type Peer,
  TimeoutError,
} from '@troupe/core';
import { StatusWords } from '../protocol/status-word.ts';
import { noTicket, type ProcedureCells, type Settled, type Ticket } from './procedure-cells.ts';

/** What is read of the member that ran a procedure, while it lives and after. */
type Owner = Pick<Peer, 'memory' | 'lost'>;

/** How long a closed grid waits for an owner that was deciding when it closed: far longer than that takes. */
const turnsAfterClose = 200;

/** How often is looked at once, and how long is paused between later looks. */
const turnsAtOnce = 50;
const pauseMs = 5;
/** How long a log may take to tell what became of a commit whose submitter died while it was being flushed. */
const flushWaitMsMax = 2_000;

/**
 * `unknown`: the call had no cell, because this member had too many calls under way; or, where commits go to a log, all
 * who could ask the log died with the owner.
 */
export type CallOutcome = Exclude<Settled, 'undecided'> | 'unknown';

/** One call of a procedure. */
export class UnansweredCall {
  readonly procedure: string;
  readonly owner: MemberId;
  readonly ticket: Ticket;
  readonly idempotencyKey: string | undefined;

  constructor(procedure: string, owner: MemberId, ticket: Ticket, idempotencyKey: string | undefined) {
    this.procedure = procedure;
    this.owner = owner;
    this.ticket = ticket;
    this.idempotencyKey = idempotencyKey;
  }
}

export class ProcedureOutcomes {
  readonly #member: Member;
  readonly #cells: ProcedureCells;
  /** Commits go to a log, which outlives every host. */
  readonly #isLogged: boolean;
  /** The latest incarnation lost of each member: its words are read after its death. */
  readonly #lost = new Map<MemberId, Owner>();

  constructor(member: Member, cells: ProcedureCells, isLogged: boolean) {
    this.#member = member;
    this.#cells = cells;
    this.#isLogged = isLogged;
  }

  peerLost(peer: Peer): void {
    this.#lost.set(peer.id, { memory: peer.memory, lost: true });
  }

  /** Ends the call unless it is decided, and tells which. Rarely, while its owner decides, this takes a moment. */
  outcomeOf(call: UnansweredCall): Promise<CallOutcome> {
    return this.#outcomeAt(this.#member.tryPeer(call.owner) ?? this.#lost.get(call.owner), call);
  }

  async #outcomeAt(owner: Owner | undefined, call: UnansweredCall): Promise<CallOutcome> {
    if (call.ticket === noTicket || owner === undefined) return 'unknown';
    const words = new StatusWords(owner.memory);
    const { clock } = this.#member;
    const untilMs = clock.now() + flushWaitMsMax;
    for (let turns = 0; ; turns++) {
      // Looked at first: once it is lost it changes nothing any more.
      const { lost } = owner;
      const settled = this.#cells.settle(call.ticket, words);
      if (settled !== 'undecided') return settled;
      // A partition that decides alone, or one that has voted, asks the log and says so in the word.
      if (lost && !this.#isLogged) return 'not-done';
      if (lost && clock.now() > untilMs) return 'unknown';
      // Nobody tells a grid that has closed when a thread is gone.
      if (this.#member.closed && turns >= turnsAfterClose) return 'unknown';
      // It is a matter of moments, but for a flush.
      await new Promise<void>((resolve) => {
        if (turns < turnsAtOnce) clock.nextTurn(resolve);
        else clock.after(pauseMs, resolve);
      });
    }
  }

  /** The thread that ran it is gone. Without a log the partition of its first key is, too, so it is not to be repeated blindly. */
  #ownerLost(cause: HostLostError, call: UnansweredCall, outcome: CallOutcome): PartitionLostError {
    const text = (this.#isLogged ? lostTextLogged : lostText)[outcome];
    return new PartitionLostError(
      `the thread that ran procedure '${call.procedure}' ended before it answered; ${text}${advice(call, outcome)}`,
      {
        cause,
        retryable: outcome === 'not-done',
        details: { ...cause.details, procedure: call.procedure, outcome },
      },
    );
  }

  /** What the caller is told instead of `error`, with which the call was rejected without an answer. */
  async told(error: unknown, call: UnansweredCall): Promise<unknown> {
    // Not the successor, which may be there already: its words say nothing about this call.
    if (error instanceof HostLostError)
      return this.#ownerLost(error, call, await this.#outcomeAt(this.#lost.get(call.owner), call));
    if (error instanceof TimeoutError) return tooLate(error, call, await this.outcomeOf(call));
    if (error instanceof GridClosedError) return closed(error, call, await this.outcomeOf(call));
    return error;
  }
}

const lostText: Record<CallOutcome, string> = {
  committed:
    'it had committed: what it changed there is gone with the partitions, what it changed on other hosts stays',
  'not-done': 'it had not committed and never will, so it is safe to call it again',
  unknown: 'whether it had committed is unknown, what it had changed there is gone',
};

const lostTextLogged: Record<CallOutcome, string> = {
  ...lostText,
  committed: 'it had committed, and all that it changed is there; only its answer is lost',
  unknown: 'whether it had committed is unknown',
};

const lateText: Record<CallOutcome, string> = {
  committed: 'it has committed, only its answer did not come',
  'not-done': 'it was ended and has done nothing',
  unknown: 'whether it has committed is unknown',
};

function tooLate(cause: TimeoutError, call: UnansweredCall, outcome: CallOutcome): TimeoutError {
  const { timeoutMs } = cause.details;
  return new TimeoutError(
    `procedure '${call.procedure}' did not answer within ${String(timeoutMs)} ms; ${lateText[outcome]}${advice(call, outcome)}`,
    { details: { timeoutMs, procedure: call.procedure, outcome } },
  );
}

function closed(cause: GridClosedError, call: UnansweredCall, outcome: CallOutcome): GridClosedError {
  return new GridClosedError(
    `the grid was closed before procedure '${call.procedure}' answered; ${lateText[outcome]}`,
    { cause, details: { procedure: call.procedure, outcome } },
  );
}

function advice({ idempotencyKey }: UnansweredCall, outcome: CallOutcome): string {
  if (outcome !== 'committed' || idempotencyKey === undefined) return '';
  return '; call it again with the same idempotencyKey for its answer, if a partition it touched is still there';
}
