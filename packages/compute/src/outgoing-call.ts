/**
 * A request for a job as its caller sends it, again where that is due: when the thread it went to died before it
 * answered, and after a failure as often as the caller wants. All attempts share the deadline of the first.
 *
 * A job whose thread died may have done part of its work, or all of it: jobs run at least once. A dead thread doesn't
 * use up `retries`; an error that says it isn't retryable, a deadline and a signal end the attempts.
 */

import { setTimeout as pause } from 'node:timers/promises';
import {
  type CallOptions,
  callTimeoutMsDefault,
  copyValue,
  HostLostError,
  type Member,
  type MemberId,
  type TransactionRef,
  TroupeError,
} from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import { hostLossRerunsMax, retryPauseMs, retryPauseMsMax } from './limits.ts';
import type { JobOp, JobPlace } from './messages.ts';

/** What the caller sets for all attempts together. */
export interface AttemptOptions extends CallOptions {
  /** Attempts after the first when the job fails. Default 0. */
  readonly retries?: number | undefined;
}

/** What is to be run: checked and copied. */
export interface PreparedCall {
  /** The number of the definition. */
  readonly definition: number;
  readonly args: unknown;
  /** About how large `args` is. */
  readonly bytes: number;
}

/** Which execution a call belongs to. */
export interface CallIdentity {
  readonly execution: ExecutionId;
  /** The caller wants to know when its body begins. */
  readonly watched: boolean;
}

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
}

/** What a message takes besides its arguments. */
const fixedBytes = 32;

export async function sendCall(
  member: Member,
  call: OutgoingCall,
  options: AttemptOptions = {},
): Promise<unknown> {
  const startedMs = performance.now();
  const { retries = 0, signal, timeoutMs = callTimeoutMsDefault } = options;
  let hostLosses = 0;
  let failures = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      const message = messageOf(member, call, attempt, retries);
      const bounds =
        attempt === 1 ? options : { timeoutMs: Math.max(1, leftOf(timeoutMs, startedMs)), signal };
      return await member.request(call.owner, message, call.prepared.bytes + fixedBytes, bounds);
    } catch (error) {
      if (signal?.aborted === true || call.transaction !== undefined) throw error;
      // The next request waits for the successor of the lost thread.
      if (isLossOf(call.owner, error) && hostLosses++ < hostLossRerunsMax) continue;
      if (failures >= retries || (error instanceof TroupeError && !error.retryable)) throw error;
      const pauseMs = pauseBefore(++failures);
      if (pauseMs >= leftOf(timeoutMs, startedMs)) throw error;
      await pauseFor(pauseMs, signal);
    }
  }
}

function messageOf(member: Member, call: OutgoingCall, attempt: number, retries: number): unknown[] {
  const { prepared, identity, op, owner, place, argsShared, transaction } = call;
  // A link packs its own copy; only a job on this thread gets the very object.
  const isShared = owner === member.self.id && (argsShared || retries > 0);
  const args = isShared ? copyValue(prepared.args, 'value') : prepared.args;
  const watched = identity.watched ? 1 : 0;
  const message = [op, 0, prepared.definition, identity.execution, attempt, watched, args, place];
  if (transaction !== undefined) message.push(transaction);
  return message;
}

function leftOf(timeoutMs: number, startedMs: number): number {
  return timeoutMs - (performance.now() - startedMs);
}

/** Also a job's own error may be the loss of a host, of another one that it called. */
function isLossOf(owner: MemberId, error: unknown): boolean {
  return error instanceof HostLostError && error.details['host'] === owner - 1;
}

/** Doubles from one failure to the next; spread, so that what failed together doesn't come back together. */
function pauseBefore(failures: number): number {
  return Math.min(retryPauseMsMax, retryPauseMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

async function pauseFor(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(pauseMs, undefined, { signal });
  } catch {
    throw signal?.reason;
  }
}
