/**
 * The messages between members and the commit log, in families of their own. Links are FIFO and lose nothing but with
 * a dead end, so nothing is repeated. A timestamp of 0 stands for "not committed, and never will be".
 *
 * Family `log`: member → log.
 *
 * - `commit` [op, id, timestamp, parts, heard]: append this transaction as one record. `parts` is
 *   [partition, incarnation, writes, cleared, …] of every partition it touched, those it only read included, because
 *   their locks are gone when they die. `heard`: how many commits of this member it has been told of.
 * - `prevent` [op, id]: what became of it? If nothing yet, nothing ever will. Only about a transaction whose
 *   submitter is dead: the coordinator's member, or that of the only partition.
 * - `open` [op, partition, incarnation]: the partition was created anew; what it held, please.
 *
 * Family `logReply`: log → member.
 *
 * - `decided` [op, id, verdict]: of a `commit`; `committed` only when the record is durable.
 * - `fate` [op, id, timestamp]: of a `prevent`; a timestamp only when the record is durable.
 * - `state` [op, partition, incarnation, state]: of an `open`; only when all of it is durable.
 */
export const LogOp = { commit: 144, prevent: 145, open: 146 } as const;
export const LogReplyOp = { decided: 160, fate: 161, state: 162 } as const;

/** What became of a commit at the log. Small integers on the wire. */
export const LogVerdict = { committed: 0, fenced: 1, prevented: 2 } as const;
export type LogVerdict = (typeof LogVerdict)[keyof typeof LogVerdict];
