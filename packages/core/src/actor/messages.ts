/**
 * Family `actor`: messages to virtual actors. Both go from any member to the owner of the actor's partition in the
 * bulk lane and carry the partition and the incarnation the caller knew; an owner that has another refuses. Neither
 * comes twice. Messages of one sender to one actor arrive in the order in which they were sent.
 *
 * - `ask` [op, requestId, partition, incarnation, actor, key, method, args, path, context]: a request. `path`: the turns
 *   that wait for it (see `call-path.ts`); `context`: that of the request (see `request-context.ts`); each is undefined
 *   where there is none, and the message ends before what it doesn't need. Answered by `reply` with what
 *   the method returned, or by `fail`: the method threw, the state could not be made, the mailbox was full, the
 *   owner closes, or it waits for itself. A `cancel` drops it while it waits in the mailbox; a turn that has begun goes
 *   on and may see it.
 * - `tell` [op, 0, partition, incarnation, actor, key, method, args, undefined, context]: no answer, whatever becomes of it.
 * - `tellWaiting` [op, requestId, … as `tell`]: a tell to an actor before whose full mailbox messages wait. Answered by
 *   `reply` (nothing) when it is in the mailbox, or by `fail`: it never was. A `cancel` takes it out of the line.
 * - `askIn` [op, requestId, partition, incarnation, actor, key, method, args, transaction, hasState, state, path, context]: the member
 *   that coordinates a transaction, which holds the actor's lock → owner. Runs the method at once, outside the mailbox,
 *   on a copy of the actor's state, or on `state` (hasState 1) when the transaction has changed it before. Answered by
 *   `reply` with [answer, changed, state]: `state` is the new one when `changed` is 1. The live state stays as it is.
 *   A `cancel` ends the turn's part in the transaction. `transaction` is opaque here (see `joined-calls.ts`).
 * - `askMany` [op, requestId, 0, 0, actor, keys, method, args, path, context]: the same ask to many actors of one owner. `keys` is
 *   flat, [partition, incarnation, key, …]. Answered by `reply` with one [1, answer] or [0, wireError] for each, in order,
 *   when all have ended. A `cancel` is one of all of them.
 * - `stream` [op, requestId, … as `ask`, path, context, stream]: an ask whose method is a generator. What it yields comes as the
 *   items of `stream` (family `stream`). Answered by `reply` with how many batches there were, or by `fail`, after the
 *   last of them. A `cancel` ends it: its `finally` blocks run in a turn.
 * - `probe` [op, 0, caller, request, originCaller, originRequest, rank, steps]: owner → owner, protocol lane, no answer.
 *   Follows what a waiting call waits for, to find out whether that is itself (see `cycle-search.ts`).
 * - `deadLetters` [op, requestId, question, number]: any member → any member, protocol lane. Question 0 lists the dead letters
 *   that the receiver keeps, 1 replays the one of that number, 2 discards it. Answered by `reply` with rows or a boolean.
 * - `escalated` [op, 0, actor, key, phase, method, wireError]: owner → the service's member, protocol lane, no answer. An
 *   actor was stopped because its supervision has escalated a failure.
 *
 * `actor` is the number of the definition, `key` the storage form of the actor's key, `method` the position of the
 * method in the sorted list of the definition's method names, `args` the array of the arguments after the context.
 */
import type { Message } from '../link/outbox.ts';
import { isPrimitive } from '../link/plain-frame.ts';

export const ActorOp = {
  ask: 32,
  tell: 33,
  askIn: 34,
  probe: 35,
  askMany: 36,
  tellWaiting: 37,
  stream: 38,
  deadLetters: 44,
  escalated: 45,
} as const;

/** Where a call has its arguments. */
export const argumentsPosition = 7;

/**
 * True for an ask or a tell that shares nothing with its sender: the array of its arguments was made for it, and they are
 * primitives. It brings neither a path nor a context, which would be behind them.
 */
export function isOwnedCall(message: Message): boolean {
  const op = message[0];
  if ((op !== ActorOp.tell && op !== ActorOp.ask) || message.length !== argumentsPosition + 1) return false;
  const args = message[argumentsPosition] as readonly unknown[];
  for (let i = 0; i < args.length; i++) if (!isPrimitive(args[i])) return false;
  return true;
}
