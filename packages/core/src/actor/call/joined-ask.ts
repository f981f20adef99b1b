/** The requests a transaction sends to actors: a turn on a copy of the state, and tells that waited for the commit. */
import { approximateBytes } from '../../codec/value-bytes.ts';
import { callTimeoutMsDefault, frameBytesMax } from '../../limits.ts';
import type { ActorMessage, TransactionRef } from '../../mesh/joined-calls.ts';
import type { Member } from '../../mesh/member.ts';
import type { CallOptions } from '../../mesh/pending-calls.ts';
import type { Placement } from '../../partition/placement.ts';
import { noRequest } from '../mail/letter.ts';
import { ActorOp } from '../messages.ts';
import type { JoinedAnswer } from '../turn/joined-turns.ts';

/** A state that a transaction has changed before; undefined: the live one. */
export type WorkingState = { readonly state: unknown } | undefined;

/** Runs a method as part of a transaction that holds the actor's lock. */
export async function askIn(
  member: Member,
  placement: Placement,
  call: ActorMessage,
  ref: TransactionRef,
  working: WorkingState,
  bounds: CallOptions,
): Promise<JoinedAnswer> {
  const { partition, actor, key, method, args, path, context } = call;
  const incarnation = member.shared.incarnationOf(partition);
  const message: unknown[] = [ActorOp.askIn, 0, partition, incarnation, actor, key, method, args, ref];
  if (working === undefined) message.push(0, undefined);
  else message.push(1, working.state);
  message.push(path);
  if (context !== undefined) message.push(context);
  const owner = placement.ownerOf(partition);
  const bytes = approximateBytes(message, frameBytesMax);
  return (await member.request(owner, message, bytes, bounds)) as JoinedAnswer;
}

/** Sends a tell now, to the owner's present thread. Nobody learns when it is refused. */
export async function sendTell(member: Member, placement: Placement, call: ActorMessage): Promise<void> {
  const { partition, actor, key, method, args, context } = call;
  try {
    const owner = placement.ownerOf(partition);
    const peer =
      member.tryPeer(owner) ?? (await member.whenConnected(owner, { timeoutMs: callTimeoutMsDefault }));
    const incarnation = member.shared.incarnationOf(partition);
    const message: unknown[] = [ActorOp.tell, noRequest, partition, incarnation, actor, key, method, args];
    if (context !== undefined) message.push(undefined, context);
    member.send(peer, message, approximateBytes(message, frameBytesMax));
  } catch {
    // As every tell: at most once, and what becomes of it is not reported.
  }
}
