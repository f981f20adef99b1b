/** What a host thread is started with: everything it shares with the others, and who it is. Structured clone. */
import type { MessagePort } from 'node:worker_threads';
import type { AssignedPartition, StorageMembership } from '../grid/core-member.ts';
import type { MemberIdentity } from '../mesh/peer.ts';
import type { MemberId } from '../mesh/shared-state.ts';
import type { PeerConnection } from './control-messages.ts';

export interface HostStart {
  readonly identity: MemberIdentity;
  readonly shared: {
    readonly buffer: SharedArrayBuffer;
    readonly partitionCount: number;
    readonly memberCount: number;
  };
  /** The owner of each partition. */
  readonly owners: readonly MemberId[];
  /** The partitions of this host, in the incarnations this thread creates. */
  readonly partitions: readonly AssignedPartition[];
  /** URLs of the user's modules, in order. */
  readonly modules: readonly string[];
  /** Names of tables that were defined in place, at the main thread. */
  readonly tables: readonly string[];
  /** Of the definitions of the main thread. */
  readonly fingerprint: string;
  /** Whatever the wiring wants every member to know. */
  readonly settings: unknown;
  /** How long the loop of the thread is kept turning after a message; 0: not at all. */
  readonly keepWarmMs: number;
  readonly control: MessagePort;
  /** Where data is kept, and this host's end of the link to it. Undefined: in memory only. */
  readonly storage: HostStorage | undefined;
}

export interface HostStorage {
  readonly membership: StorageMembership;
  readonly peer: PeerConnection;
}
