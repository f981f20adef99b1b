/** Transactions over partitioned tables: the locking actor protocol, and the ways users begin a transaction. */

export {
  type AbortCause,
  Coordinator,
  type CoordinatorPorts,
  type Outcome,
  type PartitionWrites,
} from './coordinator.ts';
export { type Decision, MemoryDecision, type Touched, type Verdict } from './decision.ts';
export { Histogram, type HistogramSummary } from './histogram.ts';
export * from './lock-manager.ts';
export * from './lock-mode.ts';
export * from './lock-order.ts';
export * from './lock-strategy.ts';
export type { LockMeter } from './lock-waits.ts';
export { Refusal, ReplyOp, RequestOp } from './messages.ts';
export { Participant, type ParticipantPorts } from './participant.ts';
export { type ProcedureDefinition, type ProcedureOptions, procedure } from './procedure.ts';
export { type Fate, StatusSlots, StatusWords, statusMemoryBytes, type TransactionId } from './status-word.ts';
export type {
  BeginOptions,
  DeclaredKeys,
  ExplicitTransaction,
  NestedOptions,
  Transaction,
  TransactionBody,
  TransactionOptions,
} from './transaction.ts';
export type { TransactionEvent } from './transaction-events.ts';
export { mergeMetrics, TransactionMeter, type TransactionMetrics } from './transaction-metrics.ts';
export { type Origin, TransactionRecord } from './transaction-record.ts';
export * from './transaction-views.ts';
export * from './transactions.ts';
