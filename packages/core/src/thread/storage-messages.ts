/**
 * What the main thread and the thread of the storage say to each other beside the mesh: over a MessagePort of their
 * own, by structured clone, in order. Ports travel in the messages and must be in the transfer list.
 */
import type { MessagePort } from 'node:worker_threads';
import type { MemberIdentity } from '../mesh/peer.ts';
import type { MemberId, Timestamp } from '../mesh/shared-state.ts';
import type { RecoveryProgress, Storage, StorageShape } from '../storage/storage-engine.ts';
import type { PeerConnection } from './control-messages.ts';

/** What the thread is started with. Structured clone. */
export interface StorageStart {
  readonly kind: 'storage';
  readonly storage: Storage;
  readonly shape: StorageShape;
  /** The wiring's own. */
  readonly settings: unknown;
  readonly control: MessagePort;
}

/**
 * main → storage.
 *
 * - `serve`: once, after `opened`. Who the storage is in the mesh, and what it shares with the others.
 * - `connect`: any time after `serve`, for each new incarnation of another member.
 * - `memberLost`: as on hosts.
 * - `backup`: copy everything to a folder; answered by `backedUp` with the same number.
 * - `close`: once, when nobody needs it any more. Make durable what was appended, close the engine, say `closed`.
 */
export type ToStorage =
  | {
      readonly type: 'serve';
      readonly identity: MemberIdentity;
      readonly shared: SharedMemory;
    }
  | { readonly type: 'connect'; readonly peer: PeerConnection }
  | { readonly type: 'memberLost'; readonly member: MemberId; readonly incarnation: number }
  | { readonly type: 'backup'; readonly id: number; readonly path: string }
  | { readonly type: 'close' };

/** The memory that all members see. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly partitionCount: number;
  readonly memberCount: number;
}

/**
 * storage → main.
 *
 * - `progress`: of opening.
 * - `opened`: once. The engine is open, and the clock's epoch durable.
 * - `failed`: instead of `opened`; the error as plain data. The thread ends next.
 * - `broken`: the engine has failed, and takes no more writes.
 * - `backedUp`: the answer to `backup`; with an error where it failed.
 * - `closed`: once, the answer to `close`.
 */
export type FromStorage =
  | { readonly type: 'progress'; readonly progress: RecoveryProgress }
  | { readonly type: 'opened'; readonly opened: OpenedStorage }
  | { readonly type: 'failed'; readonly error: unknown[] }
  | { readonly type: 'broken'; readonly error: unknown[] }
  | { readonly type: 'backedUp'; readonly id: number; readonly error?: unknown[] }
  | { readonly type: 'closed' };

/** What the grid has to know of an engine before its members start. */
export interface OpenedStorage {
  readonly clockStart: Timestamp;
  readonly tableNumbers: readonly number[];
}
