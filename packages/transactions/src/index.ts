/** Transactions over partitioned tables: the locking actor protocol, and the ways users begin a transaction. */

export { Attempt } from './attempt.ts';
export type { AttemptGround, AttemptListener, AttemptReport } from './attempt-ground.ts';
export {
  type AnswerWhen,
  CommitLog,
  type CommitLogPorts,
  type CommitRecord,
  type LogOrigin,
} from './commit-log.ts';
export { Coordinator, type CoordinatorPorts } from './coordinator.ts';
export {
  type Decision,
  type Durability,
  type LoggedTransaction,
  MemoryDecision,
  type ParticipantLog,
  type PartitionWrites,
  type Touched,
  type Verdict,
  type Vote,
} from './decision.ts';
export {
  type IdempotencyGround,
  IdempotencyGuard,
  type IdempotencyRow,
  idempotencyTable,
} from './idempotency.ts';
export { IdempotencySweeper } from './idempotency-sweeper.ts';
export * from './lock-manager.ts';
export * from './lock-mode.ts';
export * from './lock-order.ts';
export { LockRequests, type PartitionRequest, type Patience } from './lock-requests.ts';
export * from './lock-strategy.ts';
export type { LockMeter } from './lock-waits.ts';
export { LogClient, type LogClientOptions, type Opening } from './log-client.ts';
export { LogOp, LogReplyOp, LogVerdict } from './log-messages.ts';
export { beginEpoch, LogService, type LogSettings } from './log-service.ts';
export type { RecoveredPartition } from './member-log.ts';
export { ProcedureOp, Refusal, ReplyOp, RequestOp } from './messages.ts';
export { OneLogDecision, OneLogParticipation } from './one-log-decision.ts';
export type { AbortCause, Outcome } from './outcome.ts';
export { Participant, type ParticipantPorts } from './participant.ts';
export { type ProcedureDefinition, type ProcedureOptions, procedure } from './procedure.ts';
export { CallCell, cellsOf, noTicket, ProcedureCells, type Settled, type Ticket } from './procedure-cells.ts';
export { clockStartOf, nextStartEpoch } from './start-epoch.ts';
export { type Fate, StatusSlots, StatusWords, statusMemoryBytes, type TransactionId } from './status-word.ts';
export type {
  BeginOptions,
  DeclaredKeys,
  ExplicitTransaction,
  NestedOptions,
  RunOptions,
  Transaction,
  TransactionBody,
  TransactionOptions,
} from './transaction.ts';
export type { TransactionEvent } from './transaction-events.ts';
export { mergeMetrics, TransactionMeter, type TransactionMetrics } from './transaction-metrics.ts';
export { type Origin, TransactionRecord } from './transaction-record.ts';
export * from './transaction-views.ts';
export * from './transactions.ts';
export { type Cell, type Savepoint, Workspace } from './workspace.ts';
