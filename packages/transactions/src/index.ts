/** Transactions over partitioned tables: the locking actor protocol, and the ways users begin a transaction. */

export { Attempt } from './attempt/attempt.ts';
export type { AttemptGround, AttemptListener, AttemptReport } from './attempt/attempt-ground.ts';
export {
  type IdempotencyGround,
  IdempotencyGuard,
  type IdempotencyRow,
  idempotencyTable,
} from './attempt/idempotency.ts';
export { IdempotencySweeper } from './attempt/idempotency-sweeper.ts';
export type {
  BeginOptions,
  DeclaredKeys,
  ExplicitTransaction,
  NestedOptions,
  RunOptions,
  Transaction,
  TransactionBody,
  TransactionOptions,
} from './attempt/transaction.ts';
export * from './locks/lock-manager.ts';
export * from './locks/lock-mode.ts';
export * from './locks/lock-order.ts';
export * from './locks/lock-strategy.ts';
export type { LockMeter } from './locks/lock-waits.ts';
export {
  type AnswerWhen,
  CommitLog,
  type CommitLogPorts,
  type CommitRecord,
  type LogOrigin,
} from './log/commit-log.ts';
export type { GroupCommitPorts } from './log/group-commit.ts';
export { LogClient, type LogClientOptions, type Opening } from './log/log-client.ts';
export { LogOp, LogReplyOp, LogVerdict, unknownFate } from './log/log-messages.ts';
export { beginEpoch, LogService, type LogSettings } from './log/log-service.ts';
export type { RecoveredPartition } from './log/member-log.ts';
export { OneLogDecision, OneLogParticipation } from './log/one-log-decision.ts';
export type { PartWriter } from './log/part-writer.ts';
export { clockStartOf, nextStartEpoch } from './log/start-epoch.ts';
export { type ProcedureDefinition, type ProcedureOptions, procedure } from './procedure/procedure.ts';
export {
  CallCell,
  cellsOf,
  noTicket,
  ProcedureCells,
  type Settled,
  type Ticket,
} from './procedure/procedure-cells.ts';
export { Coordinator, type CoordinatorPorts } from './protocol/coordinator.ts';
export {
  type CommitGroup,
  type Decision,
  type Durability,
  type LoggedTransaction,
  MemoryDecision,
  type ParticipantLog,
  type PartitionWrites,
  type Touched,
  type Verdict,
  Vote,
} from './protocol/decision.ts';
export { LockRequests, type PartitionRequest, type Patience } from './protocol/lock-requests.ts';
export { ProcedureOp, Refusal, ReplyOp, RequestOp } from './protocol/messages.ts';
export type { AbortCause, Outcome } from './protocol/outcome.ts';
export { Participant, type ParticipantPorts } from './protocol/participant.ts';
export {
  type Fate,
  StatusSlots,
  StatusWords,
  statusMemoryBytes,
  type TransactionId,
} from './protocol/status-word.ts';
export { type Origin, TransactionRecord } from './protocol/transaction-record.ts';
export { type Cell, type Savepoint, Workspace } from './protocol/workspace.ts';
export * from './transactions.ts';
export type { TransactionEvent } from './view/transaction-events.ts';
export { mergeMetrics, TransactionMeter, type TransactionMetrics } from './view/transaction-metrics.ts';
export * from './view/transaction-views.ts';
