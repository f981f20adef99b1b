/** The other end of a conversation: one incarnation of one member. Work that outlives a peer answers into nothing. */
import type { Link } from '../link/link.ts';
import { CallMemory } from './call-memory.ts';
import type { MemberId } from './shared-state.ts';

export interface Peer {
  readonly id: MemberId;
  /** Rises with every new thread of this member. */
  readonly incarnation: number;
  /** Memory this incarnation shares with everybody (its transactions' status words). */
  readonly memory: SharedArrayBuffer;
  /** What this incarnation shows of its calls and its work; undefined when it shows nothing. */
  readonly calls?: CallMemory | undefined;
  /** Undefined for a member's own peer: messages to oneself are handled at once. */
  readonly link: Link | undefined;
  /** Set when the peer is gone; nothing can reach it any more. */
  lost: boolean;
}

/** What others are told of an incarnation of a member to connect with it. */
export interface MemberIdentity {
  readonly id: MemberId;
  readonly incarnation: number;
  readonly memory: SharedArrayBuffer;
  /** `callMemoryBytes` long. Without it canceled calls are told by messages only. */
  readonly callMemory?: SharedArrayBuffer | undefined;
}

/** `link`: undefined for the member itself. */
export function peerOf(identity: MemberIdentity, link: Link | undefined): Peer {
  const { id, incarnation, memory, callMemory } = identity;
  const calls = callMemory === undefined ? undefined : new CallMemory(callMemory);
  return { id, incarnation, memory, calls, link, lost: false };
}

/** How others come to know the member. */
export function identityOf({
  self: { id, incarnation, memory, calls },
}: {
  readonly self: Peer;
}): MemberIdentity {
  return { id, incarnation, memory, callMemory: calls?.buffer };
}
