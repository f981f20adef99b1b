/** Calls as spans of OpenTelemetry, over threads: each thread has a provider of its own, as its modules register it. */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { currentContext, type Grid, withContext } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Span } from './fixtures/traced.d.mts';
import { eventually, rejection, start, topologies } from './running-grid.ts';

const modules = [new URL('./fixtures/traced.mjs', import.meta.url)];
const { count, finishedSpans, items, relay, spans } = createRequire(import.meta.url)(
  './fixtures/traced.mjs',
) as typeof import('./fixtures/traced.mjs');

const keys = Array.from({ length: 3 }, (_, i) => `key ${i}`);
const [a] = keys as [string];
/** Of a trace that began elsewhere. */
const newTraceparent = (): string => `00-${randomBytes(16).toString('hex')}-b7ad6b7169203331-01`;

/** Runs `work` in a span and answers the spans of its trace, of all threads. */
async function traced(grid: Grid, work: () => Promise<unknown>): Promise<Span[]> {
  const root = trace.getTracer('test').startActiveSpan('root', (span) => ({ span, done: work() }));
  await root.done;
  root.span.end();
  return spansOf(grid, root.span.spanContext().traceId);
}

async function spansOf(grid: Grid, id: string): Promise<Span[]> {
  const ofHosts = await grid.compute.broadcast(spans, undefined, { over: 'hosts' }).results;
  const all = new Map([...finishedSpans(), ...ofHosts.flat()].map((span) => [span.spanId, span]));
  return [...all.values()].filter((span) => span.traceId === id);
}

/** Names and kinds from the root down, for traces in which nobody has two children. */
function chainOf(all: readonly Span[]): string[] {
  const chain: string[] = [];
  let at = all.find(({ name }) => name === 'root');
  while (at !== undefined) {
    const { spanId, name, kind } = at;
    chain.push(`${name} ${SpanKind[kind]}`);
    at = all.find(({ parentId }) => parentId === spanId);
  }
  return chain;
}

describe.each(topologies)('with tracing, %s,', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules, tracing: true });
  });

  test('asks are client and server spans of one trace, through each actor', async () => {
    const all = await traced(grid, () => grid.actor(relay, a).pass(keys));
    const hop = ['relay/pass CLIENT', 'relay/pass SERVER'];
    expect(chainOf(all)).toEqual(['root INTERNAL', ...hop, ...hop, ...hop, ...hop]);
    const [server] = all.filter(({ kind }) => kind === SpanKind.SERVER) as [Span];
    expect(server.attributes).toMatchObject({
      'rpc.system': 'troupe',
      'rpc.service': 'relay',
      'rpc.method': 'pass',
      'troupe.actor.key': expect.stringMatching(/^key /),
      'troupe.host': expect.any(Number),
      'troupe.mailbox.wait_ms': expect.any(Number),
    });
  });

  test('tells are producer and consumer spans', async () => {
    const all = await traced(grid, async () => {
      await grid.tell(relay, a).take();
      await eventually(async () => expect(await grid.actor(relay, a).got()).toBe(1));
    });
    const told = all.filter(({ attributes }) => attributes['messaging.destination.name'] === 'relay');
    expect(told.map(({ name, kind }) => `${name} ${SpanKind[kind]}`).sort()).toEqual([
      'process relay CONSUMER',
      'send relay PRODUCER',
    ]);
    const [producer, consumer] = told.sort((x, y) => x.kind - y.kind) as [Span, Span];
    expect(consumer.parentId).toBe(producer.spanId);
  });

  test('procedures and jobs are client and server spans', async () => {
    const run = await traced(grid, () => grid.run(count, a));
    expect(chainOf(run)).toEqual(['root INTERNAL', 'procedure/count CLIENT', 'procedure/count SERVER']);
    const job = await traced(grid, () => grid.compute.run(spans, undefined, { at: items.key(a) }));
    expect(chainOf(job)).toEqual(['root INTERNAL', 'job/spans CLIENT', 'job/spans SERVER']);
  });

  test('what fails is marked on both sides, with what it failed with', async () => {
    const all = await traced(grid, () => rejection(grid.actor(relay, a).fail()));
    const failed = all.filter(({ name }) => name === 'relay/fail');
    expect(failed).toHaveLength(2);
    for (const { status, attributes } of failed) {
      expect(status).toBe(SpanStatusCode.ERROR);
      expect(attributes['error.type']).toBe('RangeError');
    }
  });

  test('an ask that is refused before it is sent ends its span', async () => {
    // Longer than any chain of calls may be.
    const chain = Array.from({ length: 300 }, (_, i) => keys[i % keys.length] as string);
    const all = await traced(grid, () => rejection(grid.actor(relay, a).pass(chain)));
    const ofKind = (kind: SpanKind): Span[] => all.filter((span) => span.kind === kind);
    expect(ofKind(SpanKind.CLIENT)).toHaveLength(ofKind(SpanKind.SERVER).length + 1);
    for (const { status } of ofKind(SpanKind.CLIENT)) expect(status).toBe(SpanStatusCode.ERROR);
  });

  test('a trace that the request context brings goes on, with its state', async () => {
    const traceparent = newTraceparent();
    await withContext({ traceparent, tracestate: 'vendor=1', user: 'alice' }, () =>
      grid.actor(relay, a).pass([]),
    );
    const all = await spansOf(grid, traceparent.split('-')[1] as string);
    expect(new Set(all.map(({ kind }) => SpanKind[kind]))).toEqual(new Set(['CLIENT', 'SERVER']));
    expect(all).toHaveLength(2);
    expect(all.map(({ tracestate }) => tracestate)).toEqual(['vendor=1', 'vendor=1']);
    expect(all.some(({ parentId }) => parentId === traceparent.split('-')[2])).toBe(true);
  });

  test('the body of a transaction goes on in the trace of its caller, once it has its locks', async () => {
    let inBody: string | undefined;
    const all = await traced(grid, () =>
      grid.transaction(
        async () => {
          inBody = trace.getActiveSpan()?.spanContext().traceId;
          await grid.actor(relay, a).take();
        },
        { keys: [items.key(a)] },
      ),
    );
    expect(chainOf(all)).toEqual(['root INTERNAL', 'relay/take CLIENT', 'relay/take SERVER']);
    expect(inBody).toBe(all[0]?.traceId);
  });
});

describe.each(topologies)('%s,', (_, threads) => {
  test("with `tracing: 'propagate'` the trace follows calls and no spans are made", async () => {
    const grid = await start(threads, { modules, tracing: 'propagate' });
    let own: string | undefined;
    const all = await traced(grid, async () => {
      own = trace.getActiveSpan()?.spanContext().traceId;
      const [brought, active] = await grid.actor(relay, a).seen();
      expect(brought?.split('-')[1]).toBe(own);
      expect(active).toBe(own);
    });
    expect(chainOf(all)).toEqual(['root INTERNAL']);
  });

  test('without tracing no spans are made, and what a request brings is carried as it is', async () => {
    const grid = await start(threads, { modules });
    const all = await traced(grid, () => grid.actor(relay, a).pass(keys));
    expect(chainOf(all)).toEqual(['root INTERNAL']);
    const traceparent = newTraceparent();
    const [brought] = await withContext({ traceparent }, () => grid.actor(relay, a).seen());
    expect(brought).toBe(traceparent);
    expect(currentContext()).toBe(undefined);
  });
});

test('tracing is true, false or propagate', async () => {
  expect(await rejection(start(0, { tracing: 'yes' as never }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
});
