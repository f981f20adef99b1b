/**
 * The memory in which one incarnation of a member shows everybody its canceled calls and what its thread is doing. A
 * buffer of its own: other layers lay out `Peer.memory` as they like.
 */
import { CancelFlags, cancelFlagsBytes } from './cancel-flags.ts';
import { WorkBoard, workBoardBytes } from './work-board.ts';

/** Size of the buffer. */
export const callMemoryBytes: number = cancelFlagsBytes + workBoardBytes;

export class CallMemory {
  readonly buffer: SharedArrayBuffer;
  readonly cancels: CancelFlags;
  readonly board: WorkBoard;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.cancels = new CancelFlags(buffer);
    this.board = new WorkBoard(buffer, cancelFlagsBytes);
  }
}
