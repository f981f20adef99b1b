/**
 * A tell: sends the message and asks for no answer. The promise resolves once the link has taken it, and while much
 * waits at this end only when the receiver has caught up: awaiting it paces a fast sender; one who doesn't await is
 * refused with LINK_OVERLOADED when the link's backlog is full.
 *
 * Most tells are not awaited, so a refusal that is nobody's mistake doesn't count as an unhandled rejection: whoever
 * awaits gets it, and the others stay alive. An argument that can't be sent is a mistake and does count.
 */
import { GridClosedError } from '../../errors/errors.ts';
import type { JoinedCalls } from '../../mesh/joined-calls.ts';
import type { Peer } from '../../mesh/peer.ts';
import { ActorOp } from '../messages.ts';
import {
  ActorAddress,
  type ActorCall,
  addressCurrent,
  giveArgumentsAway,
  messageOf,
} from './actor-address.ts';
import { depart } from './departure.ts';
import type { LocalActors } from './local-actors.ts';

const admitted = Promise.resolve();

/**
 * The function that sends a tell, through `local` where the actor is on this thread. `current`: what the running code's
 * calls are part of; a transaction keeps the message until it commits.
 */
export function tellThrough(local: LocalActors | undefined, current: () => JoinedCalls | undefined) {
  return (to: ActorAddress, method: number, given: readonly unknown[]): Promise<void> => {
    let args: readonly unknown[];
    try {
      args = ActorAddress.copyArguments(to, method, given);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const joined = current();
    if (local !== undefined && joined === undefined) {
      const actor = ActorAddress.activeHere(to, local);
      if (actor !== undefined) return local.tellActive(actor, method, args) ?? admitted;
    }
    const call = ActorAddress.callWith(to, ActorAddress.tellOp(to), method, args);
    // Over when it is on its way: nobody hears what becomes of it.
    depart(to, call, 'tell')?.end();
    if (joined !== undefined) return unobserved(joined.tell(messageOf(call)));
    return sendTell(call, local);
  };
}

function sendTell(call: ActorCall, local: LocalActors | undefined): Promise<void> {
  const { member, owner } = call;
  if (call.message[0] === ActorOp.tellWaiting) return unobserved(offer(call));
  if (member.closed) return unobserved(Promise.reject(new GridClosedError('the grid is closed')));
  const peer = member.tryPeer(owner);
  if (peer === undefined) return unobserved(tellLater(call));
  if (peer !== member.self || local === undefined) return send(call, peer);
  return local.tellHere(call.message) ?? admitted;
}

/** Resolves when the message is in the mailbox. */
async function offer(call: ActorCall): Promise<void> {
  const { member, owner, message, bytes, options } = call;
  giveArgumentsAway(call);
  await member.request(owner, message, bytes, options);
}

function send(call: ActorCall, peer: Peer): Promise<void> {
  const { member, message, bytes } = call;
  giveArgumentsAway(call);
  try {
    member.send(peer, message, bytes);
  } catch (error) {
    return unobserved(Promise.reject(error as Error));
  }
  return peer.link === undefined ? admitted : peer.link.ready();
}

/** The owner's thread is being replaced: sends once the new one is there. */
async function tellLater(call: ActorCall): Promise<void> {
  const peer = await call.member.whenConnected(call.owner);
  addressCurrent(call);
  await send(call, peer);
}

/** Whoever awaits the promise gets its rejection; if nobody does, it is no unhandled one. */
export function unobserved(sent: Promise<void>): Promise<void> {
  sent.catch(() => undefined);
  return sent;
}
