/**
 * A tell: sends the message and asks for no answer. The promise resolves once the link has taken it, and while much
 * waits at this end only when the receiver has caught up: awaiting it paces a fast sender; one who doesn't await is
 * refused with LINK_OVERLOADED when the link's backlog is full.
 *
 * Most tells are not awaited, so a refusal that is nobody's mistake doesn't count as an unhandled rejection: whoever
 * awaits gets it, and the others stay alive. An argument that can't be sent is a mistake and does count.
 */
import { GridClosedError } from '../errors/errors.ts';
import { type ActorCall, ActorAddress, addressCurrent } from './actor-address.ts';
import { ActorOp } from './messages.ts';

const admitted = Promise.resolve();

/** Sends the message to the actor at `to`. */
export function tell(to: ActorAddress, method: number, args: readonly unknown[]): Promise<void> {
  let call: ActorCall;
  try {
    call = ActorAddress.call(to, ActorOp.tell, method, args);
  } catch (error) {
    return Promise.reject(error as Error);
  }
  const { member, owner, message, bytes } = call;
  if (member.closed) return refused(new GridClosedError('the grid is closed'));
  const peer = member.tryPeer(owner);
  if (peer === undefined) return tellLater(call);
  try {
    member.send(peer, message, bytes);
  } catch (error) {
    return refused(error as Error);
  }
  return peer.link === undefined ? admitted : peer.link.ready();
}

/** The owner's thread is being replaced: sends once the new one is there. */
function tellLater(call: ActorCall): Promise<void> {
  const { member, owner, message, bytes } = call;
  const sent = member.whenConnected(owner).then((peer) => {
    addressCurrent(call);
    member.send(peer, message, bytes);
    return peer.link?.ready();
  });
  sent.catch(() => undefined);
  return sent;
}

function refused(error: Error): Promise<void> {
  const sent = Promise.reject<void>(error);
  sent.catch(() => undefined);
  return sent;
}
