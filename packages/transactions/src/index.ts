/** Transactions over partitioned tables: the locking actor protocol, and the ways users begin a transaction. */

export { Attempt, type AttemptGround, type AttemptListener, type AttemptReport } from './attempt.ts';
export {
  type AbortCause,
  Coordinator,
  type CoordinatorPorts,
  type Outcome,
  type PartitionWrites,
} from './coordinator.ts';
export { type Decision, MemoryDecision, type Touched, type Verdict } from './decision.ts';
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
export { LockRequests, type PartitionRequest } from './lock-requests.ts';
export * from './lock-strategy.ts';
export { Refusal, ReplyOp, RequestOp } from './messages.ts';
export { type Origin, Participant, type ParticipantPorts, TransactionRecord } from './participant.ts';
export { type ProcedureDefinition, type ProcedureOptions, procedure } from './procedure.ts';
export { CallCell, cellsOf, noTicket, ProcedureCells, type Settled, type Ticket } from './procedure-cells.ts';
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
export * from './transactions.ts';
