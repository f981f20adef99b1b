/**
 * What hosts that share the thread of the service live in: which members there are, how frames get from one to the
 * other, and what time it is for them. Real for `threads: 0`; a test hands in one whose time and order it decides.
 */

import { isOwnedCall } from '../actor/messages.ts';
import type { ErrorRegistry } from '../errors/error-codec.ts';
import type { Frame } from '../link/link.ts';
import { type DeliveryLane, memoryTransports } from '../link/memory-link.ts';
import { Member } from '../mesh/member.ts';
import { identityOf, type MemberIdentity } from '../mesh/peer.ts';
import type { MemberId, SharedState } from '../mesh/shared-state.ts';

export interface InlineWorld {
  readonly hostCount: number;
  /** False: nobody can terminate a host. */
  readonly hostsMayDie: boolean;
  /** How long after the end of a host its successor serves; 0: as soon as everybody knows of the end. */
  readonly restartMs: number;
  /** Do all messages pass the codec, so that a test finds what is lost between threads? */
  readonly packsAll: boolean;
  /** Makes a member, with the clock that is its own. */
  makeMember(identity: MemberIdentity, shared: SharedState, errors: ErrorRegistry): Member;
  /** That member is dead: whatever waits on its clock must not run any more. */
  ended(member: Member): void;
  /** The way from one member to another: what is put in is run later, in its order. */
  lane(from: MemberId, to: MemberId): DeliveryLane;
  /** The same for news of the other members. */
  newsLane(to: MemberId): DeliveryLane;
}

/** The event loop of this thread, and one host that lives as long as the grid. */
export const eventLoopWorld: InlineWorld = {
  hostCount: 1,
  hostsMayDie: false,
  restartMs: 0,
  packsAll: false,
  makeMember: (identity, shared, errors) => new Member(identity, shared, errors),
  ended: () => undefined,
  lane: () => nextTurn,
  newsLane: () => nextTurn,
};

function nextTurn(run: () => void): void {
  setImmediate(run);
}

/** Connects two members of this thread. */
export function connectInMemory(a: Member, b: Member, world: InlineWorld): void {
  b.connect(identityOf(a), (receiveAtB) => {
    let receiveAtA: (frame: Frame) => void = () => undefined;
    const [atA, atB] = memoryTransports((frame) => receiveAtA(frame), receiveAtB, {
      toA: world.lane(b.self.id, a.self.id),
      toB: world.lane(a.self.id, b.self.id),
      packsAll: world.packsAll,
      isOwned: isOwnedCall,
    });
    a.connect(identityOf(b), (receive) => {
      receiveAtA = receive;
      return atA;
    });
    return atB;
  });
}
