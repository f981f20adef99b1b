/**
 * The caller's end of a map-reduce: the split, the shares of all hosts that own partitions (`map-share.ts`), and the
 * reduction of what comes back. What ends one share ends everything: the others are told to stop.
 */
import {
  callTimeoutMsDefault,
  checkOptions,
  copiedBytes,
  copyValue,
  type LinkedAbort,
  linkedAbort,
} from '@troupe/core';
import { callerStep } from './caller-step.ts';
import { cancelError } from './hosted-job.ts';
import type { FailedPart, ReduceContext, Split } from './map-reduce.ts';
import { type MappedParts, type MapReduceCall, ShareRun } from './map-share.ts';
import { MapTally } from './map-tally.ts';
import { leftOf, type PreparedCall } from './outgoing-call.ts';
import { sharesOf } from './target.ts';

export function callMapReduce(call: MapReduceCall): Promise<unknown> {
  return new MapReduceRun(call).run();
}

class MapReduceRun {
  readonly #call: MapReduceCall;
  readonly #linked: LinkedAbort;
  readonly #startedMs: number;
  readonly #timeoutMs: number;

  constructor(call: MapReduceCall) {
    this.#call = call;
    this.#startedMs = call.member.clock.now();
    this.#linked = linkedAbort(call.options.signal);
    this.#timeoutMs = call.options.timeoutMs ?? callTimeoutMsDefault;
  }

  async run(): Promise<unknown> {
    const { definition, prepared, identity } = this.#call;
    const { signal } = this.#linked;
    try {
      const { call, state } = await this.#split();
      const { parts, failed } = await this.#map(call);
      this.#throwIfCanceling();
      identity.follower?.answered();
      const context: ReduceContext<unknown, unknown> = { failed, args: prepared.args, state, signal };
      const reduce = (): unknown => definition.reduce(parts as never, context as never);
      return await this.#step('reduce', reduce);
    } catch (error) {
      this.#linked.abort(error);
      throw error;
    } finally {
      this.#linked.release();
    }
  }

  async #split(): Promise<{ readonly call: PreparedCall; readonly state: unknown }> {
    const { definition, prepared } = this.#call;
    const { split, name } = definition;
    if (split === undefined) return { call: prepared, state: undefined };
    const args = copyValue(prepared.args, 'value');
    const { signal } = this.#linked;
    const answer = await this.#step('split', () => split(args as never, { signal }));
    checkOptions(answer, `what the split of '${name}' answers`, ['args', 'state']);
    const { state } = answer as Split<unknown, unknown>;
    if (!('args' in (answer as object))) return { call: prepared, state };
    const mapArgs = copyValue((answer as Split<unknown, unknown>).args, `\`args\` of the split of '${name}'`);
    return { call: { ...prepared, args: mapArgs, bytes: copiedBytes() }, state };
  }

  async #map(call: PreparedCall): Promise<{ parts: unknown[]; failed: FailedPart[] }> {
    const { definition, targets, identity } = this.#call;
    const shares = sharesOf(targets);
    const tally = identity.follower && new MapTally(identity.follower, targets.length);
    const all = await Promise.all(
      shares.map((share) =>
        new ShareRun(this.#call, call, share, shares.length > 1, tally?.share(), {
          signal: this.#linked.signal,
          timeoutMs: this.#call.options.timeoutMs,
          leftMs: () => this.#leftMs,
        }).run(),
      ),
    );
    const mapped = all.flatMap((share) => share.mapped);
    const parts =
      definition.combine === undefined ? byPartition(mapped) : mapped.flatMap(({ parts }) => parts);
    const failed = all.flatMap((share) => share.failed).sort((a, b) => a.partition - b.partition);
    return { parts, failed };
  }

  /** The maps may have ended by themselves, but nobody wants to see them reduced. */
  #throwIfCanceling(): void {
    if (this.#call.identity.follower?.isCanceling === true) {
      throw cancelError('this map-reduce was canceled before its parts were reduced');
    }
  }

  #step(phase: string, run: () => unknown): Promise<unknown> {
    const name = `${phase} of map-reduce '${this.#call.definition.name}'`;
    const bounds = {
      clock: this.#call.member.clock,
      signal: this.#linked.signal,
      timeoutMs: this.#timeoutMs,
      leftMs: Math.max(1, this.#leftMs),
    };
    return callerStep(name, run, bounds);
  }

  get #leftMs(): number {
    return leftOf(this.#timeoutMs, this.#startedMs, this.#call.member.clock);
  }
}

function byPartition(mapped: readonly MappedParts[]): unknown[] {
  const parts = mapped.flatMap(({ partitions, parts: some }) =>
    partitions.map((partition, position) => ({ partition, part: some[position] })),
  );
  return parts.sort((a, b) => a.partition - b.partition).map(({ part }) => part);
}
