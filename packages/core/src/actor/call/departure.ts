/** What leaves with a call of an actor: the context it is made in, and a span where somebody traces. */
import type { CallKind, OutgoingSpan } from '../../context/call-tracer.ts';
import { contextBytes, currentContext, type RequestContext } from '../../context/request-context.ts';
import type { Message } from '../../link/outbox.ts';
import { ActorAddress, type ActorCall, contextPosition } from './actor-address.ts';

/** Puts the context into the message of a call. The span is to be ended when the call has; undefined: nobody traces. */
export function depart(to: ActorAddress, call: ActorCall, kind: CallKind): OutgoingSpan | undefined {
  const { message } = call;
  const { tracer } = call.member;
  const span = tracer?.outgoing(ActorAddress.traced(to, kind, message[6] as number));
  const context = span === undefined ? currentContext() : span.context;
  if (context !== undefined) {
    carry(message, context);
    call.bytes += contextBytes(context);
  }
  return span;
}

function carry(message: Message, context: RequestContext): void {
  while (message.length < contextPosition) message.push(undefined);
  message[contextPosition] = context;
}
