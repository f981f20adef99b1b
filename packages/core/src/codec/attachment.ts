/**
 * Large binaries travel beside their frame, as attachments whose memory is moved to the other thread: packing one
 * would copy it twice here and once more at the other end.
 *
 * What is moved is gone here, so only memory that nobody else holds may be. A binary is therefore copied once for the
 * journey, unless it lies in a copy that goes to one receiver and nowhere else (`copyToHandOver`, `giveAway`).
 */
import { attachmentBytesMin } from '../limits.ts';
import { type Binary, bytesOf, isBinary, ownBytes } from './binary.ts';
import { copiedBytes, copyValue } from './value.ts';

/** Memory of binaries that may be moved as they are. */
const handedOver = new WeakSet<ArrayBuffer>();

/**
 * As `copyValue`, for a value that is sent to one receiver, once, and not used here again: its large binaries need no
 * second copy.
 */
export function copyToHandOver<T>(value: T, name: string): T {
  const copy = copyValue(value, name);
  giveAway(copy, copiedBytes());
  return copy;
}

/**
 * Says of a copy of about `bytes` that it goes to another thread, once, and is not used here again. Never of what may
 * stay on this thread: its memory would be gone when it is sent somewhere else later.
 */
export function giveAway(copy: unknown, bytes: number): void {
  if (bytes >= attachmentBytesMin) handOver(copy);
}

/** True for a binary that travels as an attachment. */
export function isAttachment(value: object): value is Binary {
  return (
    (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) && value.byteLength >= attachmentBytesMin
  );
}

/** Memory with the bytes of the binary, to be moved to another thread. */
export function detachable(value: Binary): ArrayBuffer {
  const memory = ArrayBuffer.isView(value) ? value.buffer : value;
  return handedOver.delete(memory) ? memory : ownBytes(bytesOf(value));
}

function handOver(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (isBinary(value)) {
    // A copy owns its memory exactly.
    if (isAttachment(value)) handedOver.add(ArrayBuffer.isView(value) ? value.buffer : value);
  } else if (value instanceof Map) {
    for (const [key, member] of value) {
      handOver(key);
      handOver(member);
    }
  } else if (Array.isArray(value) || value instanceof Set) {
    for (const member of value) handOver(member);
  } else {
    for (const member of Object.values(value)) handOver(member);
  }
}
