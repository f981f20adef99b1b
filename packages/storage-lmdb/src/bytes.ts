/** Up to here a loop is faster than a call of the engine, and the view of the source that it needs. */
const loopBytesMax = 64;

/** Copies bytes of `source` to `target`, from its position `at` on. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): void {
  if (to - from > loopBytesMax) target.set(source.subarray(from, to), at);
  else
    for (let offset = 0; from + offset < to; offset++) target[at + offset] = source[from + offset] as number;
}

/** The same bytes as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
