/** An ask: sends the message as a request and resolves with what the method returned. In a transaction it joins that. */

import type { OutgoingSpan } from '../../context/call-tracer.ts';
import { addCallSite, throwHere } from '../../errors/call-site.ts';
import { ActorCycleError } from '../../errors/errors.ts';
import { callPathMax, callTimeoutMsDefault } from '../../limits.ts';
import type { Message } from '../../link/outbox.ts';
import type { JoinedCalls } from '../../mesh/joined-calls.ts';
import type { Member } from '../../mesh/member.ts';
import type { CallOptions } from '../../mesh/pending-calls.ts';
import type { MemberId } from '../../mesh/shared-state.ts';
import type { Letter, OpenAsk } from '../mail/letter.ts';
import { ActorOp } from '../messages.ts';
import {
  ActorAddress,
  type ActorCall,
  addressCurrent,
  giveArgumentsAway,
  messageOf,
} from './actor-address.ts';
import { type CallPath, extendPath, pathLength } from './call-path.ts';
import type { CurrentTurnSource } from './current-turn.ts';
import { depart } from './departure.ts';

/**
 * The function that calls a method of an actor. `joins`: what the running code's calls are part of; `turns`: which turn
 * of an actor it belongs to.
 */
export function askThrough(joins: () => JoinedCalls | undefined, turns: CurrentTurnSource) {
  return (to: ActorAddress, method: number, args: readonly unknown[]): Promise<unknown> => {
    const joined = joins();
    const turn = turns.current();
    const answer =
      joined === undefined ? ask(to, method, args, turn) : askJoined(to, method, args, joined, turn);
    // One that a body forgets is refused with its transaction; it is not to end the process too.
    if (joined !== undefined) answer.catch(() => undefined);
    return answer;
  };
}

/** As few promises as can be: one for the request, one that looks at how it ended. */
function ask(
  to: ActorAddress,
  method: number,
  args: readonly unknown[],
  turn: Letter | undefined,
): Promise<unknown> {
  try {
    const call = ActorAddress.call(to, ActorOp.ask, method, args, turn !== undefined);
    const span = depart(to, call, 'ask');
    const answer = turn === undefined ? send(call).catch(throwHere) : askFrom(turn, call);
    return span === undefined ? answer : spanned(answer, span);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function send(call: ActorCall): Promise<unknown> {
  const { member, owner, message, bytes, options } = call;
  if (member.tryPeer(owner) === undefined) return askLater(call);
  giveArgumentsAway(call);
  return member.request(owner, message, bytes, options);
}

function spanned(answer: Promise<unknown>, span: OutgoingSpan): Promise<unknown> {
  return answer.then(
    (value) => {
      span.end();
      return value;
    },
    (error: unknown) => {
      span.end({ error });
      throw error;
    },
  );
}

async function askJoined(
  to: ActorAddress,
  method: number,
  args: readonly unknown[],
  joined: JoinedCalls,
  turn: Letter | undefined,
): Promise<unknown> {
  const call = ActorAddress.call(to, ActorOp.askIn, method, args);
  const span = depart(to, call, 'ask');
  try {
    const path = turn === undefined ? undefined : pathOf(turn, call.member);
    const answer = await joined.ask({ ...messageOf(call), path }, call.options);
    span?.end();
    return answer;
  } catch (error) {
    addCallSite(error);
    span?.end({ error });
    throw error;
  }
}

/** Where an ask has its path. */
export const pathPosition = 8;
/** About what one field of a path takes. */
export const pathFieldBytes = 12;

function askFrom(turn: Letter, call: ActorCall): Promise<unknown> {
  const { member, owner, message, bytes, options } = call;
  let path: CallPath;
  try {
    path = pathOf(turn, member);
  } catch (error) {
    return Promise.reject(error as Error);
  }
  message[pathPosition] = path;
  if (member.tryPeer(owner) === undefined) return askLater(call).catch(throwHere);
  giveArgumentsAway(call);
  return requestFrom(turn, member, owner, message, bytes + path.length * pathFieldBytes, options);
}

/** A request of a turn, which waits for the answer, as far as anybody can tell; or of none. */
export function requestFrom(
  turn: Letter | undefined,
  member: Member,
  owner: MemberId,
  message: Message,
  bytes: number,
  options: CallOptions | undefined,
): Promise<unknown> {
  const answer = member.request(owner, message, bytes, options);
  if (turn === undefined) return answer;
  const asked: OpenAsk = { caller: member.self.id, requestId: message[1] as number, owner, listedAt: -1 };
  const { asks } = turn.record();
  asks.add(asked);
  return answer.then(
    (value) => {
      asks.remove(asked);
      return value;
    },
    (error: unknown) => {
      asks.remove(asked);
      return throwHere(error);
    },
  );
}

/** The path of the calls that a turn makes. Throws ACTOR_CYCLE when it is too long. */
export function pathOf(turn: Letter, member: Member): CallPath {
  const record = turn.record();
  if (record.path === undefined) {
    record.id = member.shared.draw();
    const { home, method } = turn;
    record.path = extendPath(turn.path, { turn: record.id, actor: home.type.id, key: home.key, method });
  }
  if (pathLength(record.path) <= callPathMax) return record.path;
  throw new ActorCycleError(
    `${callPathMax} turns of actors wait for each other in one chain of calls; is it a recursion without an end?`,
    { details: { callPathMax } },
  );
}

/** The owner's thread is being replaced: waits for the new one, within the time the call has. */
async function askLater(call: ActorCall): Promise<unknown> {
  const { member, owner, message, bytes, options } = call;
  const startedMs = member.clock.now();
  await member.whenConnected(owner, options);
  addressCurrent(call);
  giveArgumentsAway(call);
  return member.request(owner, message, bytes, remaining(options, member.clock.now() - startedMs));
}

function remaining(options: CallOptions | undefined, spentMs: number): CallOptions {
  const timeoutMs = Math.max(1, (options?.timeoutMs ?? callTimeoutMsDefault) - spentMs);
  return { timeoutMs, signal: options?.signal };
}
