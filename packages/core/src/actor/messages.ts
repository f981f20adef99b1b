/**
 * Family `actor`: messages to virtual actors. Both go from any member to the owner of the actor's partition in the
 * bulk lane and carry the partition and the incarnation the caller knew; an owner that has another refuses. Neither
 * comes twice. Messages of one sender to one actor arrive in the order in which they were sent.
 *
 * - `ask` [op, requestId, partition, incarnation, actor, key, method, args]: a request. Answered by `reply` with what
 *   the method returned, or by `fail`: the method threw, the state could not be made, the mailbox was full, the
 *   owner closes. A `cancel` drops it while it waits in the mailbox; a turn that has begun goes on.
 * - `tell` [op, 0, partition, incarnation, actor, key, method, args]: no answer, whatever becomes of it.
 *
 * `actor` is the number of the definition, `key` the storage form of the actor's key, `method` the position of the
 * method in the sorted list of the definition's method names, `args` the array of the arguments after the context.
 */
export const ActorOp = { ask: 32, tell: 33 } as const;
