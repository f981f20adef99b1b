/**
 * The port through which calls are traced. Core and the layers above it know no tracing library: they say which call
 * leaves and which one has arrived, and send along whatever context they are told. Where no tracer is plugged in, only
 * the request context travels.
 */
import type { Member } from '../mesh/member.ts';
import { currentContext, type RequestContext, runInContext } from './request-context.ts';

/** `ask`, `procedure` and `job` are answered; a `tell` is not. */
export type CallKind = 'ask' | 'tell' | 'procedure' | 'job';

/** A call, as spans name it: `cart` and `add`; of a procedure or a job the name of the definition. */
export interface TracedCall {
  readonly kind: CallKind;
  readonly name: string;
  /** Of an actor. */
  readonly method?: string | undefined;
}

/** Facts about a call that has arrived, by the names spans give them. */
export type CallFacts = Readonly<Record<string, string | number>>;

/** A call that is under way. */
export interface OutgoingSpan {
  /** What to send along. */
  readonly context: RequestContext | undefined;
  /** It has been answered, or sent where nobody answers; or it failed. */
  end(failure?: { readonly error: unknown }): void;
}

export interface CallTracer {
  outgoing(call: TracedCall): OutgoingSpan;
  /** Runs what the call has reached, in its context. It ends when what `run` answers has settled. */
  incoming<T>(call: TracedCall, context: RequestContext | undefined, facts: CallFacts, run: () => T): T;
}

/** Runs what a call has reached: in the context it has brought, and seen by whoever traces. */
export function runCalled<T>(
  { tracer }: Pick<Member, 'tracer'>,
  call: TracedCall,
  context: RequestContext | undefined,
  facts: () => CallFacts,
  run: () => T,
): T {
  if (tracer !== undefined) return tracer.incoming(call, context, facts(), run);
  return context === undefined && currentContext() === undefined ? run() : runInContext(context, run);
}

/** Sends a call that is answered, with the context to send along. */
export function sendTraced<T>(
  { tracer }: Pick<Member, 'tracer'>,
  call: TracedCall,
  send: (context: RequestContext | undefined) => Promise<T>,
): Promise<T> {
  return tracer === undefined ? send(currentContext()) : sendInSpan(tracer.outgoing(call), send);
}

async function sendInSpan<T>(
  span: OutgoingSpan,
  send: (context: RequestContext | undefined) => Promise<T>,
): Promise<T> {
  try {
    const answer = await send(span.context);
    span.end();
    return answer;
  } catch (error) {
    span.end({ error });
    throw error;
  }
}
