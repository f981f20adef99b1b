/**
 * Every error Troupe raises: one base with `code`, `retryable` and `details`, one class per situation.
 *
 * The rule: user code decides by class or `code`, never by the text. `retryable` is true when the same call may
 * succeed a moment later. `docs/errors.md` says for each code when it comes, whether the call may have taken effect
 * and what to do. The classes cross threads by name (see `error-codec.ts`), so a name or a code is never reused.
 */

export interface TroupeErrorOptions {
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** What an error takes whose `retryable` is fixed by its class. */
export type FixedErrorOptions = Omit<TroupeErrorOptions, 'retryable'>;

// On the prototype, so that the first line of `stack`, written by the constructor of Error, has the right name.
function nameClass(errorClass: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(errorClass.prototype, 'name', { value: name, writable: true, configurable: true });
}

/** Base of all errors Troupe raises. */
export class TroupeError extends Error {
  static {
    nameClass(this, 'TroupeError');
  }
  /** Stable, `UPPER_SNAKE`; listed in `docs/errors.md`. */
  readonly code: string;
  /** True when the same call may succeed later. */
  readonly retryable: boolean;
  /** The facts behind the message: plain values, frozen. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: TroupeErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = Object.freeze({ ...options.details });
  }
}

/** An argument is of the wrong kind or out of range. */
export class InvalidArgumentError extends TroupeError {
  static {
    nameClass(this, 'InvalidArgumentError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('INVALID_ARGUMENT', message, options);
  }
}

/** One thing that is wrong with a value: what, and where in it. */
export interface ValidationIssue {
  readonly message: string;
  /** Keys from the value down to the place; empty: the value itself. */
  readonly path: readonly (string | number)[];
}

/**
 * A value, or an argument, is not what its schema asks for. `details`: `subject`, `issues` (the first 100), `issueCount`.
 */
export class ValidationError extends TroupeError {
  static {
    nameClass(this, 'ValidationError');
  }
  declare readonly details: Readonly<{ issues: readonly ValidationIssue[] } & Record<string, unknown>>;
  constructor(
    message: string,
    options: FixedErrorOptions & { readonly details: { readonly issues: readonly ValidationIssue[] } },
  ) {
    super('VALIDATION_FAILED', message, options);
  }
}

/** A value holds something that can't be sent or stored: a function, a class instance, a cycle. */
export class ValueNotSupportedError extends TroupeError {
  static {
    nameClass(this, 'ValueNotSupportedError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('VALUE_NOT_SUPPORTED', message, options);
  }
}

/** A value is too large or nested too deep. */
export class ValueTooLargeError extends TroupeError {
  static {
    nameClass(this, 'ValueTooLargeError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('VALUE_TOO_LARGE', message, options);
  }
}

/** A definition is missing from the grid's modules, or two have one name. */
export class DefinitionError extends TroupeError {
  static {
    nameClass(this, 'DefinitionError');
  }
  constructor(
    code: 'DEFINITION_CONFLICT' | 'DEFINITION_MISSING',
    message: string,
    options?: FixedErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** A user module could not be imported on a thread. */
export class ModuleLoadError extends TroupeError {
  static {
    nameClass(this, 'ModuleLoadError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('MODULE_LOAD_FAILED', message, options);
  }
}

/** The grid is closing or closed. */
export class GridClosedError extends TroupeError {
  static {
    nameClass(this, 'GridClosedError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('GRID_CLOSED', message, options);
  }
}

/** The thread that had the call ended before it answered. `details`: `host`, `incarnation`. */
export class HostLostError extends TroupeError {
  static {
    nameClass(this, 'HostLostError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('HOST_LOST', message, { ...options, retryable: true });
  }
}

/**
 * A partition's memory is gone and nothing can bring it back. Of a procedure whose thread died `details.outcome` tells
 * what became of it: 'committed', or 'not-done', which is retryable.
 */
export class PartitionLostError extends TroupeError {
  static {
    nameClass(this, 'PartitionLostError');
  }
  constructor(message: string, options?: TroupeErrorOptions) {
    super('PARTITION_LOST', message, options);
  }
}

/** A partition has no running owner at the moment. */
export class PartitionUnavailableError extends TroupeError {
  static {
    nameClass(this, 'PartitionUnavailableError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('PARTITION_UNAVAILABLE', message, { ...options, retryable: true });
  }
}

/** Whether a call that ran out of time has taken effect; 'committed': it has, and only its answer did not come. */
export type TimeoutOutcome = 'unknown' | 'not-done' | 'committed';

/** No answer in time. `details.outcome` tells whether the call may have taken effect. */
export class TimeoutError extends TroupeError {
  static {
    nameClass(this, 'TimeoutError');
  }
  declare readonly details: Readonly<{ outcome: TimeoutOutcome } & Record<string, unknown>>;
  constructor(
    message: string,
    options?: FixedErrorOptions & { readonly details?: { readonly outcome?: TimeoutOutcome } },
  ) {
    // Unknown is the safe word where the caller of this constructor can't tell.
    super('TIMEOUT', message, { ...options, details: { outcome: 'unknown', ...options?.details } });
  }
}

/** A bounded queue is full; the call was refused before it began. */
export class OverloadedError extends TroupeError {
  static {
    nameClass(this, 'OverloadedError');
  }
  constructor(
    code: 'LINK_OVERLOADED' | 'MAILBOX_FULL' | 'QUEUE_FULL',
    message: string,
    options?: FixedErrorOptions,
  ) {
    super(code, message, { ...options, retryable: true });
  }
}

/**
 * A call of an actor waits for itself: the actors in `details.chain` wait for each other. Retryable when the circle was
 * closed by calls of different origin, which may not meet again.
 */
export class ActorCycleError extends TroupeError {
  static {
    nameClass(this, 'ActorCycleError');
  }
  constructor(message: string, options?: TroupeErrorOptions) {
    super('ACTOR_CYCLE', message, options);
  }
}

/**
 * The message waited for an actor that was stopped by its supervision; it had no effect. `cause`: why. `details`: `actor`,
 * `key`, `phase`, `method`.
 */
export class ActorStoppedError extends TroupeError {
  static {
    nameClass(this, 'ActorStoppedError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('ACTOR_STOPPED', message, { ...options, retryable: true });
  }
}

/**
 * A job kept its thread from everything else for longer than `blockedMsMax`, and the thread was killed for it. `details`:
 * `host`, `incarnation`, `execution`, `blockedMs`, and `certain`: false when the thread
 * was blocked after an `await`, so that another one may have been it.
 */
export class JobBlockedError extends TroupeError {
  static {
    nameClass(this, 'JobBlockedError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('JOB_BLOCKED', message, options);
  }
}

/** Bytes between threads could not be decoded. */
export class FrameDecodeError extends TroupeError {
  static {
    nameClass(this, 'FrameDecodeError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('FRAME_DAMAGED', message, options);
  }
}

/** Troupe found its own state wrong: a defect to report, never to retry. */
export class InvariantError extends TroupeError {
  static {
    nameClass(this, 'InvariantError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('INVARIANT', message, options);
  }
}

/** Why a transaction was aborted. */
export type AbortReason = 'wounded' | 'busy' | 'killed' | 'timeout' | 'user' | 'already';

/** What an abort tells: why, and where known which lock it lost or waited for in vain, and who has that lock. */
export interface AbortDetails {
  readonly reason: AbortReason;
  /** The name of the table. */
  readonly table?: string;
  /** As users write it. Left out: the whole table. */
  readonly key?: unknown;
  readonly holder?: { readonly transaction: number; readonly label?: string };
  readonly [detail: string]: unknown;
}

/** A transaction ended without effect. Retryable when it lost to another one. */
export class TransactionAbortedError extends TroupeError {
  static {
    nameClass(this, 'TransactionAbortedError');
  }
  declare readonly details: Readonly<AbortDetails>;
  constructor(message: string, options: FixedErrorOptions & { readonly details: AbortDetails }) {
    const { reason } = options.details;
    const retryable = reason === 'wounded' || reason === 'busy';
    super('TRANSACTION_ABORTED', message, { ...options, retryable });
  }
}

/** An operation on a transaction that has ended. */
export class TransactionFinishedError extends TroupeError {
  static {
    nameClass(this, 'TransactionFinishedError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('TRANSACTION_FINISHED', message, options);
  }
}

/** A snapshot read needs versions that are gone. */
export class SnapshotTooOldError extends TroupeError {
  static {
    nameClass(this, 'SnapshotTooOldError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('SNAPSHOT_TOO_OLD', message, { ...options, retryable: true });
  }
}

/** A write where only reading is allowed. */
export class ReadOnlyError extends TroupeError {
  static {
    nameClass(this, 'ReadOnlyError');
  }
  constructor(message: string, options?: FixedErrorOptions) {
    super('READ_ONLY', message, options);
  }
}

/**
 * What can be wrong with a storage. At start: another process uses it, its folder can't be written to, is not Troupe's,
 * is of a newer format, was made for other tables or partitions, or is damaged. While running: there is no room (the
 * only one that may pass), or a write has failed, after which nothing is written any more.
 */
export type StorageErrorCode =
  | 'STORAGE_IN_USE'
  | 'STORAGE_NOT_WRITABLE'
  | 'STORAGE_FOREIGN'
  | 'STORAGE_TOO_NEW'
  | 'STORAGE_SHAPE'
  | 'STORAGE_DAMAGED'
  | 'STORAGE_FULL'
  | 'STORAGE_FAILED';

/** The storage refuses to open, or to write. `details`: `path`, and what else the message names. */
export class StorageError extends TroupeError {
  static {
    nameClass(this, 'StorageError');
  }
  constructor(code: StorageErrorCode, message: string, options?: FixedErrorOptions) {
    super(code, message, { ...options, retryable: code === 'STORAGE_FULL' });
  }
}

/** The classes above, for the registry that carries them between threads. */
export const troupeErrorClasses = [
  TroupeError,
  InvalidArgumentError,
  ValidationError,
  ValueNotSupportedError,
  ValueTooLargeError,
  DefinitionError,
  ModuleLoadError,
  GridClosedError,
  HostLostError,
  PartitionLostError,
  PartitionUnavailableError,
  TimeoutError,
  OverloadedError,
  ActorCycleError,
  ActorStoppedError,
  JobBlockedError,
  FrameDecodeError,
  InvariantError,
  TransactionAbortedError,
  TransactionFinishedError,
  SnapshotTooOldError,
  ReadOnlyError,
  StorageError,
] as const;
