/** An ask: sends the message as a request and resolves with what the method returned. In a transaction it joins that. */

import { addCallSite } from '../errors/call-site.ts';
import { callTimeoutMsDefault } from '../limits.ts';
import type { JoinedCalls } from '../mesh/joined-calls.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import { ActorAddress, type ActorCall, addressCurrent, messageOf } from './actor-address.ts';
import { ActorOp } from './messages.ts';

/** The function that calls a method of an actor. `current`: what the running code's calls are part of. */
export function askThrough(current: () => JoinedCalls | undefined) {
  return async (to: ActorAddress, method: number, args: readonly unknown[]): Promise<unknown> => {
    const call = ActorAddress.call(to, ActorOp.ask, method, args);
    const joined = current();
    try {
      return await (joined === undefined ? ask(call) : joined.ask(messageOf(call), call.options));
    } catch (error) {
      addCallSite(error);
      throw error;
    }
  };
}

function ask(call: ActorCall): Promise<unknown> {
  const { member, owner, message, bytes, options } = call;
  return member.tryPeer(owner) === undefined ? askLater(call) : member.request(owner, message, bytes, options);
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
