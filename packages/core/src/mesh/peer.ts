/** The other end of a conversation: one incarnation of one member. Work that outlives a peer answers into nothing. */
import type { Link } from '../link/link.ts';
import type { CallMemory } from './call-memory.ts';
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
