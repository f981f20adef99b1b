/**
 * Metrics of all threads: whoever asks sends one question to each member that is connected and puts the answers side by
 * side. A member that is gone, or dies before it answers, is left out.
 */
import { HostLostError, InvalidArgumentError } from '../errors/errors.ts';
import type { Message } from '../link/outbox.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import { checkCallOptions } from '../table/call-options.ts';
import { MetricsOp } from './messages.ts';
import { type RawThreadMetrics, type ThreadMetrics, threadMetricsOf } from './thread-metrics.ts';

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
    const requestId = message[1] as number;
    if (message[0] === MetricsOp.read) this.#member.replyOwned(from, requestId, this.#raw());
    else this.#member.fail(from, requestId, new InvalidArgumentError('an unknown question for metrics'));
  }

  async #ask(peer: Peer, options: CallOptions): Promise<ThreadMetrics | undefined> {
    try {
      const raw = await this.#member.requestProtocol(peer, [MetricsOp.read, 0], options);
      return threadMetricsOf(peer.id === 0 ? undefined : peer.id - 1, raw as RawThreadMetrics);
    } catch (error) {
      if (error instanceof HostLostError) return undefined;
      throw error;
    }
  }

  #raw(): RawThreadMetrics {
    const use = performance.eventLoopUtilization();
    const { utilization } =
      this.#lastUse === undefined ? use : performance.eventLoopUtilization(use, this.#lastUse);
    this.#lastUse = use;
    const { openMessages, tellsRefused } = this.#actors;
    return {
      eventLoop: { utilization, activeMs: use.active, idleMs: use.idle },
      open: openMessages,
      tellsRefused,
      actors: this.#actors.rawMetrics(),
    };
  }
}
