/**
 * Metrics of all threads: whoever asks sends one question to each member that is connected and puts the answers side by
 * side. A member that is gone, or dies before it answers, is left out. A thread may also publish its own row now and then,
 * for those who listen on a diagnostics channel there.
 */
import { channel } from 'node:diagnostics_channel';
import { HostLostError, InvariantError } from '../errors/errors.ts';
import type { Message } from '../link/outbox.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { MemberId } from '../mesh/shared-state.ts';
import { checkCallOptions } from '../table/call-options.ts';
import { MetricsOp } from './messages.ts';
import { type RawThreadMetrics, type ThreadMetrics, threadMetricsOf } from './thread-metrics.ts';

/** Name of the diagnostics channel. */
export const metricsChannelName = 'troupe.metrics';

const published = channel(metricsChannelName);

/** What of a member is looked at. */
export interface MeteredActors {
  readonly openMessages: number;
  readonly tellsRefused: number;
  rawMetrics(): RawThreadMetrics['actors'];
}

type EventLoopUse = ReturnType<typeof performance.eventLoopUtilization>;

export class MetricsService implements MessageFamily {
  readonly #member: Member;
  readonly #actors: MeteredActors;
  /** As it was when somebody last asked. */
  #lastUse: EventLoopUse | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(member: Member, actors: MeteredActors) {
    this.#member = member;
    this.#actors = actors;
  }

  /** One row for each thread, that of the service first. Rejects with TIMEOUT when one doesn't answer. */
  async read(options: CallOptions = {}): Promise<ThreadMetrics[]> {
    checkCallOptions(options);
    const peers: Peer[] = [];
    for (let id = 0; id < this.#member.shared.memberCount; id++) {
      const peer = this.#member.tryPeer(id);
      if (peer !== undefined) peers.push(peer);
    }
    const rows = await Promise.all(peers.map((peer) => this.#ask(peer, options)));
    return rows.filter((row) => row !== undefined);
  }

  receive(message: Message, from: Peer): void {
    if (message[0] !== MetricsOp.read)
      throw new InvariantError(`an unknown metrics message arrived: ${String(message[0])}`);
    this.#member.replyOwned(from, message[1] as number, this.#rawSinceAsked());
  }

  /** Publishes the row of this thread every so often, while somebody listens on it. Milliseconds. */
  publishEvery(everyMs: number): void {
    let last = performance.eventLoopUtilization();
    const host = hostOf(this.#member.self.id);
    this.#timer = setInterval(() => {
      const use = performance.eventLoopUtilization();
      if (published.hasSubscribers) published.publish(threadMetricsOf(host, this.#raw(use, last)));
      last = use;
    }, everyMs).unref();
  }

  closed(): void {
    clearInterval(this.#timer);
  }

  async #ask(peer: Peer, options: CallOptions): Promise<ThreadMetrics | undefined> {
    try {
      const raw = await this.#member.requestProtocol(peer, [MetricsOp.read, 0], options);
      return threadMetricsOf(hostOf(peer.id), raw as RawThreadMetrics);
    } catch (error) {
      if (error instanceof HostLostError) return undefined;
      throw error;
    }
  }

  #rawSinceAsked(): RawThreadMetrics {
    const use = performance.eventLoopUtilization();
    const raw = this.#raw(use, this.#lastUse);
    this.#lastUse = use;
    return raw;
  }

  #raw(use: EventLoopUse, since: EventLoopUse | undefined): RawThreadMetrics {
    const { utilization } = since === undefined ? use : performance.eventLoopUtilization(use, since);
    const { openMessages, tellsRefused } = this.#actors;
    return {
      eventLoop: { utilization, activeMs: use.active, idleMs: use.idle },
      open: openMessages,
      tellsRefused,
      actors: this.#actors.rawMetrics(),
    };
  }
}

/** Undefined for the member of the service. */
function hostOf(member: MemberId): number | undefined {
  return member === 0 ? undefined : member - 1;
}
