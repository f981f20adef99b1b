/**
 * Calls as spans of OpenTelemetry, in W3C Trace Context between threads. Its API is an optional peer, looked for when a
 * member of a grid with `tracing` is wired, on each thread for itself; the provider, and what keeps its contexts over
 * awaits, are the user's to register there, in one of his modules.
 *
 * A call that is answered is an RPC: a CLIENT span where it is made and a SERVER span where it runs. A tell is a message: a
 * PRODUCER and a CONSUMER span. Names and attributes are those of the semantic conventions for RPC and messaging.
 */
import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';
import {
  type CallFacts,
  type CallTracer,
  currentContext,
  InvalidArgumentError,
  type OutgoingSpan,
  type RequestContext,
  runInContext,
  type TracedCall,
} from '@troupe/core';

type Api = typeof OpenTelemetry;
type Context = OpenTelemetry.Context;

/** Throws INVALID_ARGUMENT where OpenTelemetry's API is not installed. */
export function openTelemetryTracer(mode: true | 'propagate'): CallTracer {
  const api = loadApi();
  return mode === true ? new SpanTracer(api) : new Propagator(api);
}

function loadApi(): Api {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as Api;
  } catch (cause) {
    throw new InvalidArgumentError(
      'tracing needs the package @opentelemetry/api: npm install @opentelemetry/api',
      { details: { argument: 'tracing' }, cause },
    );
  }
}

/** Brings the trace context along, in both directions. */
class Propagator implements CallTracer {
  protected readonly api: Api;

  constructor(api: Api) {
    this.api = api;
  }

  outgoing(_call: TracedCall): OutgoingSpan {
    return { context: this.carrying(this.api.trace.getSpanContext(this.parent())), end: () => undefined };
  }

  incoming<T>(_call: TracedCall, context: RequestContext | undefined, _facts: CallFacts, run: () => T): T {
    const within = this.remote(this.api.ROOT_CONTEXT, context);
    return this.api.context.with(within, () => runInContext(context, run));
  }

  /** What a call made now is part of: the active span, else what the request context says. */
  protected parent(): Context {
    const active = this.api.context.active();
    const isInSpan = this.api.trace.getSpanContext(active) !== undefined;
    return isInSpan ? active : this.remote(active, currentContext());
  }

  /** The values of the request, and this span as what further calls belong to. */
  protected carrying(span: OpenTelemetry.SpanContext | undefined): RequestContext | undefined {
    const values = currentContext();
    if (span === undefined || !this.api.isSpanContextValid(span)) return values;
    const traceparent = `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
    const tracestate = span.traceState?.serialize();
    const { tracestate: _, ...others } = values ?? {};
    return { ...others, traceparent, ...(tracestate === undefined ? undefined : { tracestate }) };
  }

  /** A context with the span, of wherever, that the request context names. */
  protected remote(around: Context, values: RequestContext | undefined): Context {
    const { trace, createTraceState } = this.api;
    const { traceparent, tracestate } = values ?? {};
    const parts = typeof traceparent === 'string' ? traceparentForm.exec(traceparent) : null;
    const [, traceId, spanId, flags] = parts ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return around;
    const span = {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags, 16),
      isRemote: true,
      ...(typeof tracestate === 'string' ? { traceState: createTraceState(tracestate) } : undefined),
    };
    return this.api.isSpanContextValid(span) ? trace.setSpanContext(around, span) : around;
  }
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; later versions may have more at the end. */
const traceparentForm = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Makes spans, too. */
class SpanTracer extends Propagator {
  readonly #tracer: OpenTelemetry.Tracer;

  constructor(api: Api) {
    super(api);
    this.#tracer = api.trace.getTracer('troupe');
  }

  override outgoing(call: TracedCall): OutgoingSpan {
    const { SpanKind } = this.api;
    const kind = call.kind === 'tell' ? SpanKind.PRODUCER : SpanKind.CLIENT;
    const attributes = attributesOf(call, 'send');
    const span = this.#tracer.startSpan(nameOf(call, 'send'), { kind, attributes }, this.parent());
    return {
      context: this.carrying(span.spanContext()),
      end: (failure) => this.#end(span, failure),
    };
  }

  override incoming<T>(
    call: TracedCall,
    context: RequestContext | undefined,
    facts: CallFacts,
    run: () => T,
  ): T {
    const { SpanKind, ROOT_CONTEXT, trace } = this.api;
    const kind = call.kind === 'tell' ? SpanKind.CONSUMER : SpanKind.SERVER;
    const parent = this.remote(ROOT_CONTEXT, context);
    const attributes = { ...attributesOf(call, 'process'), ...facts };
    const span = this.#tracer.startSpan(nameOf(call, 'process'), { kind, attributes }, parent);
    let result: T;
    try {
      result = this.api.context.with(trace.setSpan(parent, span), () => runInContext(context, run));
    } catch (error) {
      this.#end(span, { error });
      throw error;
    }
    if (isThenable(result)) {
      result.then(
        () => this.#end(span, undefined),
        (error: unknown) => this.#end(span, { error }),
      );
    } else this.#end(span, undefined);
    return result;
  }

  #end(span: OpenTelemetry.Span, failure: { readonly error: unknown } | undefined): void {
    if (failure !== undefined) {
      const { error } = failure;
      span.setAttribute('error.type', errorTypeOf(error));
      span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: messageOf(error) });
    }
    span.end();
  }
}

/** Which side of a message. */
type Operation = 'send' | 'process';

function nameOf({ kind, name, method }: TracedCall, operation: Operation): string {
  if (kind === 'tell') return `${operation} ${name}`;
  return method === undefined ? `${kind}/${name}` : `${name}/${method}`;
}

function attributesOf(call: TracedCall, operation: Operation): Record<string, string> {
  const { kind, name, method = '' } = call;
  if (kind === 'tell') {
    return {
      'messaging.system': 'troupe',
      'messaging.operation.type': operation,
      'messaging.operation.name': operation,
      'messaging.destination.name': name,
      'troupe.actor.method': method,
    };
  }
  return {
    'rpc.system': 'troupe',
    'rpc.service': kind === 'ask' ? name : kind,
    'rpc.method': kind === 'ask' ? method : name,
  };
}

function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
