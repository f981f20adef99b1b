/** An ask: sends the message as a request and resolves with what the method returned. In a transaction it joins that. */

import { addCallSite } from '../errors/call-site.ts';
import { ActorCycleError } from '../errors/errors.ts';
import { callPathMax, callTimeoutMsDefault } from '../limits.ts';
import type { JoinedCalls } from '../mesh/joined-calls.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import { ActorAddress, type ActorCall, addressCurrent, messageOf } from './actor-address.ts';
import { type CallPath, extendPath, pathLength } from './call-path.ts';
import type { CurrentTurnSource } from './current-turn.ts';
import type { Letter, OpenAsk } from './letter.ts';
import { ActorOp } from './messages.ts';

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

async function ask(
  to: ActorAddress,
  method: number,
  args: readonly unknown[],
  turn: Letter | undefined,
): Promise<unknown> {
  const call = ActorAddress.call(to, ActorOp.ask, method, args);
  try {
    if (turn !== undefined) return await askFrom(turn, call);
    const { member, owner, message, bytes, options } = call;
    if (member.tryPeer(owner) === undefined) return await askLater(call);
    return await member.request(owner, message, bytes, options);
  } catch (error) {
    addCallSite(error);
    throw error;
  }
}

async function askJoined(
  to: ActorAddress,
  method: number,
  args: readonly unknown[],
  joined: JoinedCalls,
  turn: Letter | undefined,
): Promise<unknown> {
  const call = ActorAddress.call(to, ActorOp.askIn, method, args);
  try {
    const path = turn === undefined ? undefined : pathOf(turn, call);
    return await joined.ask({ ...messageOf(call), path }, call.options);
  } catch (error) {
    addCallSite(error);
    throw error;
  }
}

/** About what one field of a path takes. */
const pathFieldBytes = 12;

/** The turn waits for the answer, as far as anybody can tell. */
async function askFrom(turn: Letter, call: ActorCall): Promise<unknown> {
  const { member, owner, message, bytes, options } = call;
  const path = pathOf(turn, call);
  message.push(path);
  if (member.tryPeer(owner) === undefined) return askLater(call);
  const answer = member.request(owner, message, bytes + path.length * pathFieldBytes, options);
  const asked: OpenAsk = { caller: member.self.id, requestId: message[1] as number, owner };
  if (turn.asks === undefined) turn.asks = [asked];
  else turn.asks.push(asked);
  try {
    return await answer;
  } finally {
    remove(turn.asks, asked);
  }
}

function pathOf(turn: Letter, { member }: ActorCall): CallPath {
  if (turn.ownPath === undefined) {
    turn.turnId = member.shared.draw();
    const { home, method } = turn;
    turn.ownPath = extendPath(turn.path, { turn: turn.turnId, actor: home.type.id, key: home.key, method });
  }
  if (pathLength(turn.ownPath) <= callPathMax) return turn.ownPath;
  throw new ActorCycleError(
    `${callPathMax} turns of actors wait for each other in one chain of calls; is it a recursion without an end?`,
    { details: { callPathMax } },
  );
}

function remove(asks: OpenAsk[], asked: OpenAsk): void {
  const at = asks.indexOf(asked);
  const last = asks.pop();
  // The order means nothing.
  if (last !== undefined && last !== asked) asks[at] = last;
}

/** The owner's thread is being replaced: waits for the new one, within the time the call has. */
async function askLater(call: ActorCall): Promise<unknown> {
  const { member, owner, message, bytes, options } = call;
  const startedMs = performance.now();
  await member.whenConnected(owner, options);
  addressCurrent(call);
  return member.request(owner, message, bytes, remaining(options, performance.now() - startedMs));
}

function remaining(options: CallOptions | undefined, spentMs: number): CallOptions {
  const timeoutMs = Math.max(1, (options?.timeoutMs ?? callTimeoutMsDefault) - spentMs);
  return { timeoutMs, signal: options?.signal };
}
