/**
 * Finds calls that wait for each other in a circle: A's turn asks B while B's turn, begun by somebody else, asks A. Pure.
 *
 * A call that waits in a mailbox sends probes along what it waits for: the turns under way there, the asks that those
 * wait for, and so on, from owner to owner. When a probe comes back to its call, the circle is closed and the call is
 * rejected. So that just one call of a circle is, a probe passes only waiting calls of lower rank; the rank of a call
 * is the draw of the turn that made it, so the youngest gives way. Each call is looked at again and again while it
 * waits, because the wait that closes a circle may be another's.
 *
 * An ask that a turn has made counts as one it waits for, whether or not it is awaited.
 */
import type { MemberId } from '../../mesh/shared-state.ts';
import type { PathStep } from '../call/call-path.ts';

/** Names a call: its caller and the number of the request. */
export interface CallName {
  readonly caller: MemberId;
  readonly requestId: number;
}

/** What a turn waits for. */
export interface AskedCall extends CallName {
  readonly owner: MemberId;
}

/** A turn under way and what it waits for. */
export interface HoldingTurn {
  readonly step: PathStep;
  readonly asks: readonly AskedCall[];
}

export type SeenCall =
  /** A call of many actors, made anew for each. */
  | { readonly kind: 'passed-on'; readonly asks: readonly AskedCall[] }
  | { readonly kind: 'running'; readonly turn: HoldingTurn }
  | {
      readonly kind: 'waiting';
      readonly step: PathStep;
      readonly rank: number;
      /** The turns that keep it waiting. */
      readonly holders: readonly HoldingTurn[];
    };

export interface Probe {
  /** The call to look at. */
  readonly call: CallName;
  /** The call that waits, and its rank. */
  readonly origin: CallName;
  readonly rank: number;
  /** The way so far. */
  readonly steps: readonly PathStep[];
}

export interface CycleSearchPort {
  /** The call, if it is known here. */
  look(call: CallName): SeenCall | undefined;
  send(owner: MemberId, probe: Probe): void;
  /** The call, which waits here, waits for itself. */
  found(call: CallName, steps: readonly PathStep[]): void;
}

/** Steps after which a probe is dropped: it has run into a circle that its call is not part of. */
export const probeStepsMax = 512;

export class CycleSearch {
  readonly #port: CycleSearchPort;

  constructor(port: CycleSearchPort) {
    this.#port = port;
  }

  /** Looks whether this call, which waits here, waits for itself. */
  start(call: CallName): void {
    const seen = this.#port.look(call);
    if (seen?.kind !== 'waiting') return;
    this.#follow(seen.holders, { call, origin: call, rank: seen.rank, steps: [] });
  }

  receive(probe: Probe): void {
    const { call, origin, rank, steps } = probe;
    const seen = this.#port.look(call);
    if (seen === undefined || steps.length >= probeStepsMax) return;
    if (seen.kind === 'passed-on') {
      this.#send(seen.asks, probe);
      return;
    }
    if (seen.kind === 'running') {
      this.#follow([seen.turn], probe);
      return;
    }
    const way = [...steps, seen.step];
    if (call.caller === origin.caller && call.requestId === origin.requestId) this.#port.found(call, way);
    else if (isBelow(call, seen.rank, origin, rank)) this.#follow(seen.holders, { ...probe, steps: way });
  }

  #follow(turns: readonly HoldingTurn[], probe: Probe): void {
    for (const { step, asks } of turns) {
      // A circle that the call is not part of. One of those that are will find it.
      if (probe.steps.some(({ turn }) => turn === step.turn)) continue;
      this.#send(asks, { ...probe, steps: [...probe.steps, step] });
    }
  }

  #send(asks: readonly AskedCall[], probe: Probe): void {
    for (const { caller, requestId, owner } of asks)
      this.#port.send(owner, { ...probe, call: { caller, requestId } });
  }
}

function isBelow(call: CallName, rank: number, origin: CallName, originRank: number): boolean {
  if (rank !== originRank) return rank < originRank;
  // Two calls of one turn.
  return call.requestId < origin.requestId;
}
