/**
 * Requests of the family `table` to whoever owns a partition. It fills in what changes when a host is replaced: the
 * request waits for the successor first and reads the incarnation then, so that a call made meanwhile succeeds.
 */

import type { Clock } from '../clock.ts';
import type { StorageKey } from '../key/key.ts';
import { callTimeoutMsDefault } from '../limits.ts';
import type { Message } from '../link/outbox.ts';
import type { Member } from '../mesh/member.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { Placement } from '../partition/placement.ts';

/** What this needs of a Member. */
export type CallingMember = Pick<
  Member,
  'self' | 'request' | 'sendProtocol' | 'tryPeer' | 'whenConnected' | 'shared' | 'clock'
>;

export class OwnerCalls {
  readonly placement: Placement;
  readonly #member: CallingMember;

  constructor(member: CallingMember, placement: Placement) {
    this.#member = member;
    this.placement = placement;
  }

  /** That of the member. */
  get clock(): Clock {
    return this.#member.clock;
  }

  /** True when the partition is on this member's own thread. */
  isOwn(partition: PartitionId): boolean {
    return this.placement.ownerOf(partition) === this.#member.self.id;
  }

  /** Sends `[op, 0, partition, 0, …]` to the owner; the request id and the incarnation are filled in. */
  request(message: Message, bytes: number, options: CallOptions | undefined): Promise<unknown> {
    const partition = message[2] as PartitionId;
    const owner = this.placement.ownerOf(partition);
    if (this.#member.tryPeer(owner) === undefined) return this.#requestLater(message, bytes, options);
    message[3] = this.#member.shared.incarnationOf(partition);
    return this.#member.request(owner, message, bytes, options);
  }

  /** The same for a message that belongs to the incarnation it already names. */
  requestSame(message: Message, options: CallOptions | undefined): Promise<unknown> {
    return this.#member.request(this.placement.ownerOf(message[2] as PartitionId), message, 0, options);
  }

  /** Sends `[op, 0, partition, incarnation, …]`, which has no answer, on the protocol lane. */
  notify(message: Message): void {
    const peer = this.#member.tryPeer(this.placement.ownerOf(message[2] as PartitionId));
    if (peer !== undefined) this.#member.sendProtocol(peer, message);
  }

  async #requestLater(message: Message, bytes: number, options: CallOptions | undefined): Promise<unknown> {
    const { clock } = this;
    const startedMs = clock.now();
    await this.#member.whenConnected(this.placement.ownerOf(message[2] as PartitionId), options);
    const timeoutMs = (options?.timeoutMs ?? callTimeoutMsDefault) - (clock.now() - startedMs);
    return this.request(message, bytes, { ...options, timeoutMs: Math.max(0, timeoutMs) });
  }
}

/** About how large a key is in a message. */
export function keyBytes(key: StorageKey): number {
  return typeof key === 'string' ? key.length + 3 : 9;
}
