/**
 * A request for a job as its caller sends it, again where that is due: when the thread it went to died before it
 * answered, and after a failure as often as the caller wants. All attempts share the deadline of the first.
 *
 * A job whose thread died may have done part of its work, or all of it: jobs run at least once. A dead thread doesn't
 * use up `retries`; an error that says it isn't retryable, a deadline and a signal end the attempts. So does a job that
 * has blocked its thread until that was killed: it would do so again.
 */

import {
  backoffMs,
  type CallOptions,
  type Clock,
  callTimeoutMsDefault,
  contextBytes,
  copyValue,
  currentContext,
  HostLostError,
  type Member,
  type MemberId,
  pause,
  type RequestContext,
  sendTraced,
  type TransactionRef,
  TroupeError,
} from '@troupe/core';
import { blockedError, verdictOn } from './blocked-error.ts';
import type { ExecutionId } from './execution.ts';
import { hostLossRerunsMax, retryPauseMs, retryPauseMsMax } from './limits.ts';
import type { JobOp, JobPlace, JobTerms } from './messages.ts';

/** What the caller sets for all attempts together. */
export interface AttemptOptions extends CallOptions {
  /** Attempts after the first when the job fails. Default 0. */
  readonly retries?: number | undefined;
  /**
   * Whether to use one of them for this error. Default: yes, unless it is one of Troupe's that is not retryable. What
   * it throws ends the attempts.
   */
  readonly shouldRetry?: ((error: unknown) => boolean) | undefined;
  /** Larger ones leave the queue of their host first; inside one, first in first out. Any whole number. Default 0. */
  readonly priority?: number | undefined;
}

/** What is to be run: checked and copied. */
export interface PreparedCall {
  /** That of the definition. */
  readonly name: string;
  /** The number of the definition. */
  readonly definition: number;
  readonly args: unknown;
  /** About how large `args` is. */
  readonly bytes: number;
}

/** Which execution a call belongs to. */
export interface CallIdentity {
  readonly execution: ExecutionId;
  readonly follower: CallFollower | undefined;
}

/** One attempt of a call, on its way or waiting for its host. */
export interface Attempt {
  readonly owner: MemberId;
  /** The second field is its number once it is on its way, 0 before. */
  readonly message: unknown[];
}

/** One who follows a call through its attempts: an execution that somebody has submitted. */
export interface CallFollower {
  readonly priority: number;
  /** Somebody has canceled it. */
  readonly isCanceling: boolean;
  attempting(attempt: Attempt): void;
  /** The attempt has failed. */
  failed(attempt: Attempt): void;
  /** Another one is due. False: it isn't wanted. */
  again(): boolean;
  /** Takes reports of hosts in the follower's place, and says what is to be read as progress instead. */
  count(listener: ReportListener): void;
  /** How far it is, as the caller knows it. */
  progressed(report: unknown): void;
  /** Everything that was sent has been answered; what remains happens at the caller. */
  answered(): void;
}

/** `requestId`: the attempt that reports. */
export type ReportListener = (requestId: number, report: unknown) => void;

export interface OutgoingCall {
  readonly prepared: PreparedCall;
  readonly identity: CallIdentity;
  readonly op: JobOp;
  readonly owner: MemberId;
  readonly place: JobPlace;
  /** Others are sent the same `args`, so a job on this thread needs its own. */
  readonly argsShared: boolean;
  /** The transaction it is part of: then it is sent once. */
  readonly transaction?: TransactionRef;
  /** Of a map. */
  readonly map?: MapTerms;
}

/** What is special about the call of a map. */
export interface MapTerms {
  readonly keepGoing: boolean;
  /** Attempts made of this work, in earlier calls too. */
  attempts: number;
}

/** What a message takes besides its arguments. */
export const fixedBytes = 32;

export function sendCall(member: Member, call: OutgoingCall, options: AttemptOptions = {}): Promise<unknown> {
  if (member.tracer === undefined) return sendIn(currentContext(), member, call, options);
  const traced = { kind: 'job', name: call.prepared.name } as const;
  return sendTraced(member, traced, (context) => sendIn(context, member, call, options));
}

/** A call, and when it began. */
interface Sending {
  readonly context: RequestContext | undefined;
  readonly member: Member;
  readonly call: OutgoingCall;
  readonly options: AttemptOptions;
  readonly startedMs: number;
}

/** Most calls are answered at the first attempt, and cost one promise besides that of the request. */
function sendIn(
  context: RequestContext | undefined,
  member: Member,
  call: OutgoingCall,
  options: AttemptOptions,
): Promise<unknown> {
  const sending: Sending = { context, member, call, options, startedMs: member.clock.now() };
  const attempt = nextAttempt(sending, 1);
  return send(sending, attempt, options).catch((error: unknown) => sendAgain(sending, attempt, error));
}

/** The attempts after the first, until one is answered or none is to follow. */
async function sendAgain(sending: Sending, first: Attempt, firstError: unknown): Promise<unknown> {
  const { member, call, options } = sending;
  const { signal } = options;
  const { follower } = call.identity;
  const failures = new CallFailures(member, call, options);
  let attempt = first;
  let error = firstError;
  for (let number = 2; ; number++) {
    follower?.failed(attempt);
    const pauseMs = failures.pauseAfter(error);
    if (follower?.again() === false) throw error;
    if (pauseMs > 0) {
      if (pauseMs >= timeLeft(sending)) throw error;
      await pauseAgain(member.clock, pauseMs, signal);
    }
    attempt = nextAttempt(sending, number);
    try {
      return await send(sending, attempt, { timeoutMs: Math.max(1, timeLeft(sending)), signal });
    } catch (reason) {
      error = reason;
    }
  }
}

function nextAttempt({ context, member, call, options }: Sending, number: number): Attempt {
  const { map, owner, identity } = call;
  const message = messageOf(member, call, map === undefined ? number : ++map.attempts, options, context);
  const attempt = { owner, message };
  identity.follower?.attempting(attempt);
  return attempt;
}

function send(
  { context, member, call }: Sending,
  { owner, message }: Attempt,
  bounds: CallOptions,
): Promise<unknown> {
  return member.request(owner, message, call.prepared.bytes + fixedBytes + contextBytes(context), bounds);
}

function timeLeft({ options, startedMs, member }: Sending): number {
  return leftOf(options.timeoutMs ?? callTimeoutMsDefault, startedMs, member.clock);
}

/** The failures of one call so far, and what follows from the next. */
class CallFailures {
  readonly #member: Member;
  readonly #call: OutgoingCall;
  readonly #options: AttemptOptions;
  #hostLosses = 0;
  #failures = 0;
  #suspicions = 0;

  constructor(member: Member, call: OutgoingCall, options: AttemptOptions) {
    this.#member = member;
    this.#call = call;
    this.#options = options;
  }

  /** How long to wait before the next attempt. Throws when there is to be none. */
  pauseAfter(error: unknown): number {
    const { retries = 0, signal } = this.#options;
    if (signal?.aborted === true || this.#call.transaction !== undefined) throw error;
    if (isLossOf(this.#call.owner, error)) {
      this.#throwIfBlocked(error);
      // At once: the next request waits for the successor of the lost thread.
      if (this.#hostLosses++ < hostLossRerunsMax) return 0;
    }
    if (this.#failures >= retries || !mayRetry(error, this.#options)) throw error;
    return pauseMsBefore(++this.#failures, this.#member.clock);
  }

  /** One of several that may have blocked a thread gets another chance; the second time it is no accident. */
  #throwIfBlocked(error: HostLostError): void {
    const { execution } = this.#call.identity;
    const verdict = verdictOn(this.#member, execution, error);
    if (verdict === undefined || (verdict === 'suspected' && this.#suspicions++ === 0)) return;
    throw blockedError(this.#member, execution, verdict, error);
  }
}

/** Throws what `shouldRetry` does. */
export function mayRetry(error: unknown, { shouldRetry }: AttemptOptions): boolean {
  if (shouldRetry !== undefined) return shouldRetry(error);
  return !(error instanceof TroupeError) || error.retryable;
}

function messageOf(
  member: Member,
  call: OutgoingCall,
  attempt: number,
  { retries = 0, priority = 0 }: AttemptOptions,
  context: RequestContext | undefined,
): unknown[] {
  const { prepared, identity, op, owner, place, argsShared, transaction } = call;
  // A link packs its own copy; only a job on this thread gets the very object.
  const isShared = owner === member.self.id && (argsShared || retries > 0);
  const args = isShared ? copyValue(prepared.args, 'value') : prepared.args;
  const { execution, follower } = identity;
  const watched = follower === undefined ? 0 : 1;
  const message = [op, 0, prepared.definition, execution, attempt, watched, args, place];
  const terms = termsOf(follower?.priority ?? priority, context, transaction, call.map?.keepGoing);
  if (terms !== undefined) message.push(terms);
  return message;
}

/** Undefined when there is nothing special. */
export function termsOf(
  priority: number,
  context?: RequestContext,
  transaction?: TransactionRef,
  keepGoing?: boolean,
): JobTerms | undefined {
  if (context !== undefined) return { ...termsOf(priority, undefined, transaction, keepGoing), context };
  if (keepGoing === true) return { priority, keepGoing };
  if (transaction !== undefined) return { priority, transaction };
  return priority === 0 ? undefined : { priority };
}

export function leftOf(timeoutMs: number, startedMs: number, clock: Clock): number {
  return timeoutMs - (clock.now() - startedMs);
}

/** Also a job's own error may be the loss of a host, of another one that it called. */
function isLossOf(owner: MemberId, error: unknown): error is HostLostError {
  return error instanceof HostLostError && error.details['host'] === owner - 1;
}

/** Spread, so that what failed together doesn't come back together. */
export function pauseMsBefore(failures: number, clock: Clock): number {
  return backoffMs(failures, retryPauseMs, retryPauseMsMax, clock);
}

export function pauseAgain(clock: Clock, pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
  return pause(clock, pauseMs, { signal, what: 'a job that failed is to be run again' });
}
