/**
 * The binary kinds a value may hold, told apart by what they are and not by their constructor, so that those of
 * another realm count too. A SharedArrayBuffer, and a view of one, is none: sharing is the opposite of a copy.
 */
import { types } from 'node:util';

/** A binary that can be copied and sent. */
export type Binary = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

const viewClasses: ReadonlyMap<string, ViewClass> = new Map<string, ViewClass>([
  ['Int8Array', Int8Array],
  ['Uint8Array', Uint8Array],
  ['Uint8ClampedArray', Uint8ClampedArray],
  ['Int16Array', Int16Array],
  ['Uint16Array', Uint16Array],
  ['Int32Array', Int32Array],
  ['Uint32Array', Uint32Array],
  ['Float32Array', Float32Array],
  ['Float64Array', Float64Array],
  ['BigInt64Array', BigInt64Array],
  ['BigUint64Array', BigUint64Array],
]);

/** True for binaries that can be copied and sent: not shared, not transferred away. */
export function isBinary(value: object): value is Binary {
  if (!ArrayBuffer.isView(value)) return types.isArrayBuffer(value) && !isDetached(value);
  const { buffer } = value;
  if (types.isSharedArrayBuffer(buffer) || isDetached(buffer)) return false;
  return types.isDataView(value) || viewClasses.has(viewName(value));
}

// `ArrayBuffer.prototype.detached` came after Node 20.
function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** A copy of the same kind that owns its memory exactly. */
export function copyBinary(value: Binary): Binary {
  return binaryOver(ownBytes(bytesOf(value)), binaryKind(value));
}

/** A binary of this kind (see `binaryKind`) over all of the memory. */
export function binaryOver(memory: ArrayBuffer, kind: string): Binary {
  if (kind === 'ArrayBuffer') return memory;
  if (kind === 'Buffer') return Buffer.from(memory);
  if (kind === 'DataView') return new DataView(memory);
  const viewClass = viewClasses.get(kind) ?? Uint8Array;
  return new viewClass(memory) as Binary;
}

/** What tells two binaries of different kinds apart. */
export function binaryKind(value: Binary): string {
  if (!ArrayBuffer.isView(value)) return 'ArrayBuffer';
  if (Buffer.isBuffer(value)) return 'Buffer';
  return types.isDataView(value) ? 'DataView' : viewName(value);
}

/** The bytes of a binary, without a copy. */
export function bytesOf(value: Binary): Uint8Array {
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** The bytes in memory of their own. */
export function ownBytes(source: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(source.byteLength);
  copy.set(source);
  return copy.buffer;
}

// The getter of %TypedArray%.prototype answers the base class also for subclasses.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;

function viewName(view: ArrayBufferView): string {
  return String(Reflect.get(typedArray, Symbol.toStringTag, view));
}
