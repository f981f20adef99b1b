/**
 * The messages of the locking protocol. All travel on the protocol lane, so they are never refused and never wait
 * for credit; links are FIFO and lose nothing but with a dead end, so none comes twice and none is repeated. A
 * transaction's id is new for every attempt.
 *
 * Family `transactionRequest`: coordinator → participant. Each begins
 * [op, id, partition, incarnation, slot, age, first, …]: `slot` is the status word in the memory of the coordinator's
 * member; `age` its place in the order, fixed at the first attempt; `first` (1) marks the coordinator's first message
 * to this partition.
 * The incarnation is fixed when the transaction first touches the partition; a partition of another one refuses. A
 * participant that doesn't know the id creates it only if `first`, else it refuses: it has wounded it. A first message
 * has the transaction's label, if it has one, at `labelPosition`.
 *
 * - `lock` […, step, accesses, patient]: takes these locks, then answers with the values. `accesses` is
 *   [table, key, mode, table, key, mode, …], `mode` a LockMode, negative where no value is wanted: undefined answers for
 *   it. A table below -1 is the hidden one of an actor type, whose values are undefined. `patient` (1, else left out): the transaction has no locks but such ones and waits for turns
 *   of these actors to end; without it a turn under way refuses it as busy.
 * - `lockOnce`: as `lock`; the first access is the row of the transaction's idempotency key. The first message to a
 *   partition of a transaction that has one.
 * - `lockTable` […, step, table, mode, patient]: takes the whole table in this partition, then answers with no values.
 * - `lockRange` […, step, table, range]: takes the keys of a range, [from, to], for reading, those that don't exist as
 *   well, then answers with no values.
 * - `prepare` […, writes, cleared]: takes the locks of the writes it doesn't hold yet, keeps the writes, votes yes
 *   with a timestamp drawn while all locks are held. `writes` is [table, key, value, …], undefined removes; `cleared`
 *   are tables to empty first.
 * - `commitOne` […, writes, cleared, durability]: the same for a transaction that touched this partition only; the
 *   participant decides: it takes the word, installs, releases, and says done. `durability` is left out, or what the
 *   transaction asked for where commits go to a log.
 * - `commit` [op, id, partition, incarnation, timestamp, writes, cleared]: decided without votes: install these writes,
 *   whose locks are held, at this timestamp, and release. From a coordinator that the partition can outlive it may
 *   come a moment before the word says COMMITTED, and counts from then on. No answer.
 * - `decide` [op, id, partition, incarnation, timestamp]: install at this timestamp, or drop when 0; release. No
 *   answer. To an id the partition doesn't know: nothing to do.
 *
 * Family `transactionReply`: participant → coordinator, [op, id, partition, …]. For an id that has ended: dropped.
 *
 * - `answer` […, step, values]: the locks of that step are held; the values in the order of the accesses.
 * - `vote` […, timestamp]: yes.
 * - `done` […, timestamp]: committed by the only participant.
 * - `refused` […, reason, table, key, by, label]: this partition holds nothing for the id (any more): it was wounded, its
 *   line was full, or the incarnation is another. The same as a no. Where it is wounded now, the rest tells by whom and
 *   over what: `key` undefined is the whole table, `label` is left out where there is none. For `busy`,
 *   […, reason, table, key] says which actor; key undefined: some actor of the type.
 *
 * Family `procedure`: `call` [op, requestId, procedure, args, timeoutMs, ticket, idempotencyKey, priority, durability, context], an ordinary
 * request (bulk lane) to the owner of the procedure's first key, which runs the whole transaction and answers with what
 * its body returned. `ticket` names the cell at the caller in which the owner notes the attempt under way
 * (`procedure-cells.ts`). The message ends before what it doesn't need.
 *
 * Family `view`: questions of views and kills, asked of every member, or of the owners of some partitions. Ordinary
 * requests, but on the protocol lane: they are few, and they are for grids in trouble. Answers are one moment of the
 * member that gives them.
 *
 * - `transactions` [op, requestId]: what is under way at this member and in its partitions, as `MemberTransactions`.
 * - `locks` [op, requestId]: the locks of its partitions, as `LockRow`s with tables as numbers and keys as stored.
 * - `metrics` [op, requestId]: what it has counted, as `RawMetrics`.
 * - `abort` [op, requestId, id]: ends the transaction of which this is an attempt. True if it is under way here and was
 *   ended; the answer may come before its locks are free.
 * - `blockedBy` [op, requestId, id]: the first lock that this attempt waits for in partitions of this member, as
 *   [table, key, transaction, label], or undefined.
 *
 * Family `branch`: a branch (code of a transaction on any member, reached by a call that joined it) → the member that
 * coordinates the transaction. Requests in the bulk lane, [op, requestId, id, scope, …], answered by `reply` or `fail`,
 * with TRANSACTION_FINISHED once the transaction has ended; `cancel` of one aborts the transaction. `scope` is the
 * nested transaction that the calling code runs in, 0 for none; `placed` is [key, partition, key, partition, …].
 *
 * - `one` […, tableOp, table, key, partition, args]: an operation on one key; as in the family `table`.
 * - `getMany`, `deleteMany` […, table, placed], `setMany` […, table, placed, values], `insertMany` […, table, placed,
 *   values, mode], `clear` […, table], `lock` […, table, placed]: takes the keys for writing and answers nothing.
 * - `scan` […, table, from, to, affinity, partition]: locks the table, or that range of it, for reading. Answer: [cleared, key, value, …], what the transaction has written
 *   to it, undefined removed; the branch reads the rest (nothing when `cleared` is 1) where it is stored.
 * - `begin` […, keys]: a nested transaction in `scope`. `keys`: undefined, 'all', or [table, key, partition, …] to
 *   lock. Answer: its own scope. `end` […, keep]: keeps (1) or undoes (0) what `scope` wrote.
 * - `ask` […, actor, key, partition, method, args, path, context]: calls an actor; `path`: the turns that wait for it;
 *   `context`: that of the request. `tell` […, the same, path undefined]: once committed.
 * - `abort` [op, 0, id], protocol lane, no answer: a bound of a call in the branch has ended its wait.
 */
export const RequestOp = {
  lock: 48,
  lockTable: 49,
  prepare: 50,
  commitOne: 51,
  decide: 52,
  commit: 53,
  lockRange: 54,
  lockOnce: 55,
} as const;
/** Where a first message has its transaction's label; shorter without one. */
export const labelPosition = 11;
export const ReplyOp = { answer: 64, vote: 65, done: 66, refused: 67 } as const;
export const BranchOp = {
  one: 112,
  getMany: 113,
  setMany: 114,
  deleteMany: 115,
  clear: 116,
  scan: 117,
  begin: 118,
  end: 119,
  ask: 120,
  tell: 121,
  abort: 122,
  insertMany: 123,
  lock: 124,
} as const;
export const ProcedureOp = { call: 96 } as const;
export const ViewOp = { transactions: 128, locks: 129, metrics: 130, abort: 131, blockedBy: 132 } as const;

/** Why a partition holds nothing for a transaction. Small integers on the wire. */
export const Refusal = {
  wounded: 1,
  incarnation: 2,
  lineFull: 3,
  ended: 4,
  busy: 5,
  storageFull: 6,
  storageUnknown: 7,
  storageClosed: 8,
} as const;
export type Refusal = (typeof Refusal)[keyof typeof Refusal];
