/** An ask: sends the message as a request and resolves with what the method returned. In a transaction it joins that. */

import { addCallSite } from '../errors/call-site.ts';
import { callTimeoutMsDefault } from '../limits.ts';
import type { JoinedCalls } from '../mesh/joined-calls.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import { ActorAddress, type ActorCall, addressCurrent, messageOf } from './actor-address.ts';
import { ActorOp } from './messages.ts';

/** The function that calls a method of an actor. `current`: what the running code's calls are part of. */
export function askThrough(current: () => JoinedCalls | undefined) {
  return (to: ActorAddress, method: number, args: readonly unknown[]): Promise<unknown> => {
    const joined = current();
    const answer = ask(to, method, args, joined);
    // One that a body forgets is refused with its transaction; it is not to end the process too.
    if (joined !== undefined) answer.catch(() => undefined);
    return answer;
  };
}

async function ask(
  to: ActorAddress,
  method: number,
  args: readonly unknown[],
  joined: JoinedCalls | undefined,
): Promise<unknown> {
  const call = ActorAddress.call(to, ActorOp.ask, method, args);
  try {
    if (joined !== undefined) return await joined.ask(messageOf(call), call.options);
    const { member, owner, message, bytes, options } = call;
    if (member.tryPeer(owner) === undefined) return await askLater(call);
    return await member.request(owner, message, bytes, options);
  } catch (error) {
    addCallSite(error);
    throw error;
  }
}

/** The owner's thread is being replaced: waits for the new one, within the time the call has. */
async function askLater(call: ActorCall): Promise<unknown> {
  const { member, owner, message, bytes, options } = call;
  const startedMs = member.clock.now();
  await member.whenConnected(owner, options);
  addressCurrent(call);
  return member.request(owner, message, bytes, remaining(options, member.clock.now() - startedMs));
}

function remaining(options: CallOptions | undefined, spentMs: number): CallOptions {
  const timeoutMs = Math.max(1, (options?.timeoutMs ?? callTimeoutMsDefault) - spentMs);
  return { timeoutMs, signal: options?.signal };
}
