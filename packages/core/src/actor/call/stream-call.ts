/** A call of a method that is a generator: what it yields, item by item. Sends its message when the first is asked for. */
import { HostLostError, InvalidArgumentError } from '../../errors/errors.ts';
import type { JoinedCalls } from '../../mesh/joined-calls.ts';
import { lostStream, type StreamStart, streamsOf } from '../../stream/member-streams.ts';
import type { Letter } from '../mail/letter.ts';
import { ActorOp } from '../messages.ts';
import { ActorAddress, type ActorCall, addressCurrent, contextPosition } from './actor-address.ts';
import { pathFieldBytes, pathOf, pathPosition, requestFrom } from './ask.ts';
import type { CurrentTurnSource } from './current-turn.ts';
import { depart } from './departure.ts';

/** Where the message has the number of its stream. */
export const streamPosition = 10;

export type StreamCall = (
  to: ActorAddress,
  method: number,
  args: readonly unknown[],
) => AsyncGenerator<unknown, void, undefined>;

/** `joins`: what the running code's calls are part of; `turns`: which turn of an actor it belongs to. */
export function streamThrough(joins: () => JoinedCalls | undefined, turns: CurrentTurnSource): StreamCall {
  return (to, method, args) => {
    if (joins() !== undefined) throw notInTransaction();
    const call = ActorAddress.call(to, ActorOp.stream, method, args);
    const { member, message } = call;
    const turn = turns.current();
    const path = turn === undefined ? undefined : pathOf(turn, call.member);
    const id = member.shared.draw();
    message[pathPosition] = path;
    message[contextPosition] = undefined;
    message[streamPosition] = id;
    depart(to, call, 'ask')?.end();
    return streamsOf(member).read(id, call.options, (start) => void request(call, turn, start));
  };
}

async function request(call: ActorCall, turn: Letter | undefined, start: StreamStart): Promise<void> {
  const { member, owner, message, bytes, options } = call;
  const { reader, signal } = start;
  const path = message[pathPosition] as readonly unknown[] | undefined;
  reader.expect(owner);
  try {
    if (member.tryPeer(owner) === undefined)
      await member.whenConnected(owner, { timeoutMs: options?.timeoutMs, signal });
    addressCurrent(call);
    // The wait for each item is bounded, not the stream.
    const bounds = { timeoutMs: Number.POSITIVE_INFINITY, signal };
    const size = bytes + (path?.length ?? 0) * pathFieldBytes;
    reader.sourceEnded(owner, (await requestFrom(turn, member, owner, message, size, bounds)) as number);
  } catch (error) {
    const isLost = error instanceof HostLostError && member.wasUnanswered(error);
    reader.fail(isLost ? lostStream(error, reader.delivered) : error);
  }
}

function notInTransaction(): InvalidArgumentError {
  return new InvalidArgumentError(
    "a stream of an actor can't be part of a transaction, which it may outlive; read it before or after, or use a method that answers at once",
    { details: { argument: 'this' } },
  );
}
