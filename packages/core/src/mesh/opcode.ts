/**
 * The first field of every message. Opcodes come in families of sixteen; a family has one owner at each member, so
 * dispatch is an array look-up. Each layer's own `messages.ts` lists what its opcodes carry and who sends them when.
 */

/** Family index of an opcode. */
export function familyOf(opcode: number): number {
  return opcode >> 4;
}

/** Families and the layer that owns each. A family's opcodes are `family * 16 … family * 16 + 15`. */
export const Family = {
  call: 0,
  table: 1,
  actor: 2,
  transactionRequest: 3,
  transactionReply: 4,
  compute: 5,
  procedure: 6,
  branch: 7,
  view: 8,
  log: 9,
  logReply: 10,
  stream: 11,
  topic: 12,
  metrics: 15,
} as const;

/**
 * Family `call`: answers to requests of every layer, and link control.
 *
 * - `replies` [op, requestIds, values]: owner → caller. Ends these requests; all answers of a frame share one message. A
 *   late one finds no request and is dropped.
 * - `fail` [op, requestId, wireError]: owner → caller. The same, as an error.
 * - `cancel` [op, requestId]: caller → owner, protocol lane. The caller has stopped waiting; the owner may drop the
 *   request if it has not begun. No answer. May come after the reply was sent: then it means nothing.
 * - `account` [op, cost, grant]: last in a frame when either is not zero. `cost`: window bytes this frame takes up;
 *   `grant`: window bytes of earlier frames that its sender has handled.
 */
export const CallOp = { fail: 2, cancel: 3, account: 4, replies: 5 } as const;
