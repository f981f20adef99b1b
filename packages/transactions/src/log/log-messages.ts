/**
 * The messages between members and the commit log, in families of their own. Links are FIFO and lose nothing but with
 * a dead end, so nothing is repeated. A timestamp of 0 stands for "not committed, and never will be".
 *
 * Family `log`: member → log, on the protocol lane; a member limits itself (`log-client.ts`).
 *
 * - `commit` [op, id, timestamp, parts, heard, appended]: append this transaction as one record, or what partitions of
 *   the member have written themselves in one turn, its timestamp for an id. `parts` is
 *   [partition, incarnation, writes, cleared, …] of every partition it touched, those it only read included, because
 *   their locks are gone when they die. On threads `writes` are the bytes of `stored-writes.ts`, undefined for none, and
 *   `cleared` is 0. `heard`: how many commits of transactions
 *   this member has been told of. `appended` (1): answer when the
 *   record is in its place, before it is durable.
 * - `prevent` [op, id]: what became of it? If nothing yet, nothing ever will. Only about a transaction whose
 *   submitter is dead: the coordinator's member, or that of the only partition.
 * - `open` [op, partition, incarnation]: the partition was created anew; what it held, please.
 * - `more` [op, partition, incarnation]: the member has taken in a page; one more may come.
 *
 * Family `logReply`: log → member.
 *
 * - `decided` [op, verdict, id, …]: of one `commit` or of several; `committed` only when their records are durable, or
 *   were not to wait for it.
 * - `fate` [op, id, timestamp]: of a `prevent`; a timestamp only when the record is durable, `unknownFate` when the
 *   storage failed with it.
 * - `state` [op, partition, incarnation, state, more]: of an `open`; only when all of it is durable. `more` (1): it is
 *   one page, and not the last.
 * - `unopened` [op, partition, incarnation, wireError]: of an `open`; nothing can be told of it.
 */
export const LogOp = { commit: 144, prevent: 145, open: 146, more: 147 } as const;
export const LogReplyOp = { decided: 160, fate: 161, state: 162, unopened: 163 } as const;

/** In the place of a timestamp: the storage failed with this commit, which may be kept or not. */
export const unknownFate = -1;

/**
 * What became of a commit at the log. Small integers on the wire. The last three are about the storage: `full`, it has no
 * room, and nothing was or will be kept; `unknown`, it failed with this commit; `closed`, it had failed before.
 */
export const LogVerdict = { committed: 0, fenced: 1, prevented: 2, full: 3, unknown: 4, closed: 5 } as const;
export type LogVerdict = (typeof LogVerdict)[keyof typeof LogVerdict];
