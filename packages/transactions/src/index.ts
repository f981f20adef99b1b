/** Transactions over partitioned tables: the locking actor protocol, and the ways users begin a transaction. */
export * from './transactions.ts';
export { procedure, type ProcedureDefinition, type ProcedureOptions } from './procedure.ts';
export type {
  BeginOptions,
  DeclaredKeys,
  ExplicitTransaction,
  NestedOptions,
  Transaction,
  TransactionBody,
  TransactionOptions,
} from './transaction.ts';
export { Coordinator, type AbortCause, type CoordinatorPorts, type Outcome, type PartitionWrites } from './coordinator.ts';
export { MemoryDecision, type Decision, type Touched, type Verdict } from './decision.ts';
export { Participant, TransactionRecord, type Origin, type ParticipantPorts } from './participant.ts';
export { StatusSlots, StatusWords, statusMemoryBytes, type Fate, type TransactionId } from './status-word.ts';
export { Refusal, ReplyOp, RequestOp } from './messages.ts';
export * from './lock-manager.ts';
export * from './lock-mode.ts';
export * from './lock-order.ts';
export * from './lock-strategy.ts';
