/**
 * What the main thread and one host say to each other beside the mesh: over a MessagePort of their own, by structured
 * clone, in order, a handful per life of a thread. A new thread gets a new port. Ports travel in the messages and must
 * be in the transfer list. Whoever receives one after the other side has ended just has the last word of a dead thread.
 */
import type { MessagePort } from 'node:worker_threads';
import type { MemberIdentity } from '../mesh/peer.ts';
import type { MemberId } from '../mesh/shared-state.ts';

/** One incarnation of a member, and this side's end of the link to it. */
export interface PeerConnection {
  readonly identity: MemberIdentity;
  readonly port: MessagePort;
}

/**
 * main → host.
 *
 * - `serve`: once, after `ready`. The links to everybody alive; the host attaches all of them in one turn and serves.
 * - `connect`: any time after `serve`. A new incarnation of another host; its predecessor was declared lost before.
 * - `memberLost`: the thread of that incarnation has ended; everything it had posted lies in its port. May come for a
 *   member the receiver was never connected to: then it means nothing.
 * - `memberFailed`: that member will not come back; waiting and new calls to it are refused.
 * - `drain`: once, at close, when the service has nothing running. Say `drained` when nothing runs here; go on
 *   answering the others.
 * - `close`: once, after `drain`, when nobody needs the host any more. Close the links, say `closed`, end the task.
 *   May come before `serve`.
 */
export type ToHost =
  | { readonly type: 'serve'; readonly peers: readonly PeerConnection[] }
  | { readonly type: 'connect'; readonly peer: PeerConnection }
  | { readonly type: 'memberLost'; readonly member: MemberId; readonly incarnation: number }
  | { readonly type: 'memberFailed'; readonly member: MemberId; readonly reason: string }
  | { readonly type: 'drain' }
  | { readonly type: 'close' };

/**
 * host → main.
 *
 * - `importing`: before the import of each user module, so that one that never ends can be named.
 * - `recovered`: each time that a partition was read back from the storage.
 * - `ready`: once. Modules loaded, definitions equal to those of the main thread, partitions created and read back.
 * - `failed`: instead of `ready`; the error as plain data. The task ends next.
 * - `unhandled`: an uncaught exception or unhandled rejection is about to end the thread.
 * - `drained`, `closed`: once each, the answers to `drain` and `close`.
 */
export type ToMain =
  | { readonly type: 'importing'; readonly module: string }
  | { readonly type: 'recovered'; readonly done: number; readonly total: number }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: unknown[] }
  | { readonly type: 'unhandled'; readonly error: unknown[] }
  | { readonly type: 'drained' }
  | { readonly type: 'closed' };
