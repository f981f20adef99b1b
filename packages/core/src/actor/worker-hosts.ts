/**
 * Where calls of stateless workers go: to the caller's own thread if it is a host, else to each host in turn, passing
 * over those that are being started again while there are others.
 */
import type { Member } from '../mesh/member.ts';
import type { MemberId, PartitionId } from '../mesh/shared-state.ts';
import type { Placement } from '../partition/placement.ts';

/** A host, and a partition of it, whose incarnation stands for that of the host. */
export interface WorkerPlace {
  readonly owner: MemberId;
  readonly partition: PartitionId;
}

export class WorkerHosts {
  readonly #member: Member;
  readonly #places: readonly WorkerPlace[];
  readonly #here: WorkerPlace | undefined;
  #next = 0;

  constructor(member: Member, placement: Placement) {
    this.#member = member;
    const places = new Map<MemberId, WorkerPlace>();
    for (let partition = 0; partition < placement.partitionCount; partition++) {
      const owner = placement.ownerOf(partition);
      if (!places.has(owner)) places.set(owner, { owner, partition });
    }
    this.#places = [...places.values()];
    this.#here = places.get(member.self.id);
  }

  /** Where the next call goes. */
  next(): WorkerPlace {
    if (this.#here !== undefined) return this.#here;
    for (let tried = 1; tried < this.#places.length; tried++) {
      const place = this.#take();
      if (this.#member.tryPeer(place.owner) !== undefined) return place;
    }
    return this.#take();
  }

  #take(): WorkerPlace {
    const place = this.#places[this.#next] as WorkerPlace;
    this.#next = (this.#next + 1) % this.#places.length;
    return place;
  }
}

const byMember = new WeakMap<Member, WorkerHosts>();

export function workerHostsOf(member: Member, placement: Placement): WorkerHosts {
  let hosts = byMember.get(member);
  if (hosts === undefined) {
    hosts = new WorkerHosts(member, placement);
    byMember.set(member, hosts);
  }
  return hosts;
}
