/**
 * The shell of the commit log, at the member that has the storage: routes messages to it, and gives what it has appended
 * to the engine. One batch is under way at a time, with all that came until it began, so the more there is to do the
 * fewer flushes each commit costs. A commit that doesn't wait for its flush begins one a little later.
 *
 * What a partition holds is read page by page, as its host takes the pages in.
 */
import {
  errorToWire,
  Family,
  logUnflushedBytesMax,
  type Member,
  type MessageFamily,
  type PartitionId,
  type Peer,
  recoveryPagesAhead,
  type StorageEngine,
  StorageError,
  storageFullRetryMs,
  type Timestamp,
} from '@troupe/core';
import { CommitLog, type CommitRecord, type LogOrigin } from './commit-log.ts';
import { LogOp, LogReplyOp } from './log-messages.ts';
import { clockStartOf, nextStartEpoch } from './start-epoch.ts';

export interface LogSettings {
  /** How long a commit that doesn't wait for its flush may be without one. */
  readonly flushWithinMs: number;
}

/** A partition that a host is taking in. */
interface Reading {
  readonly pages: Iterator<Uint8Array>;
  readonly incarnation: number;
}

/** Makes the start epoch of this process durable; answers where its clock begins. */
export async function beginEpoch(engine: StorageEngine): Promise<Timestamp> {
  const epoch = nextStartEpoch(engine.startEpoch, engine.lastTimestamp);
  await engine.raiseStartEpoch(epoch);
  return clockStartOf(epoch);
}

export class LogService implements MessageFamily {
  readonly #member: Pick<Member, 'sendProtocol'>;
  readonly #engine: StorageEngine;
  readonly #settings: LogSettings;
  readonly #log: CommitLog;
  readonly #origins = new Map<Peer, LogOrigin>();
  readonly #readings = new Map<Peer, Map<PartitionId, Reading>>();
  /** Appended, and not given to the engine. */
  #pending: CommitRecord[] = [];
  /** Of all that is not durable. */
  #unflushedBytes = 0;
  #isFlushing = false;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #tellFailure: (error: Error) => void = () => undefined;
  /** Resolves with why when the storage takes no more writes. */
  readonly failure: Promise<Error> = new Promise((resolve) => {
    this.#tellFailure = resolve;
  });

  constructor(
    member: Pick<Member, 'sendProtocol' | 'register'>,
    engine: StorageEngine,
    settings: LogSettings,
  ) {
    this.#member = member;
    this.#engine = engine;
    this.#settings = settings;
    this.#log = new CommitLog({
      append: (record) => this.#append(record),
      // Read when it is told, page by page.
      stateOf: () => undefined,
    });
    member.register(Family.log, this);
  }

  receive(message: readonly unknown[], from: Peer): void {
    const origin = this.#originOf(from);
    switch (message[0]) {
      case LogOp.commit:
        this.#commit(message, origin);
        break;
      case LogOp.prevent:
        this.#log.prevent(message[1] as number, origin);
        this.#flushSoon();
        break;
      case LogOp.open:
        this.#log.open(message[1] as PartitionId, message[2] as number, origin);
        this.#flushSoon();
        break;
      default:
        this.#sendPage(from, message[1] as PartitionId, message[2] as number);
    }
  }

  peerLost(peer: Peer): void {
    const origin = this.#origins.get(peer);
    this.#origins.delete(peer);
    this.#readings.delete(peer);
    if (origin !== undefined) this.#log.originLost(origin);
  }

  /** Resolves when all that was appended is durable, or never will be. */
  async settled(): Promise<void> {
    while (this.#log.unflushed > 0 && !this.#log.hasFailed) {
      this.#flushSoon();
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    clearTimeout(this.#timer);
  }

  #commit(message: readonly unknown[], origin: LogOrigin): void {
    const [, id, timestamp, parts, heard] = message as [number, number, Timestamp, unknown[], number];
    const mayWait = message[5] === 1 && this.#unflushedBytes < logUnflushedBytesMax;
    this.#log.commit({ id, timestamp, parts }, heard, origin, mayWait ? 'appended' : 'flushed');
    if (this.#pending.length === 0) return;
    if (mayWait) this.#timer ??= setTimeout(() => this.#flush(), this.#settings.flushWithinMs);
    else this.#flushSoon();
  }

  #append(record: CommitRecord): void {
    this.#pending.push(record);
    this.#unflushedBytes += bytesOf(record);
  }

  /** When the frame that is being received has been taken in. */
  #flushSoon(): void {
    if (this.#isScheduled || this.#isFlushing) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isFlushing || this.#pending.length === 0 || this.#log.hasFailed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#pending;
    this.#pending = [];
    this.#isFlushing = true;
    this.#give(batch);
  }

  #give(batch: readonly CommitRecord[]): void {
    this.#engine.append(batch).then(
      () => {
        this.#log.flushed(batch.length);
        this.#given(batch);
      },
      (error: unknown) => this.#refused(batch, error),
    );
  }

  #refused(batch: readonly CommitRecord[], error: unknown): void {
    if (!(error instanceof StorageError && error.code === 'STORAGE_FULL')) {
      this.#tellFailure(error instanceof Error ? error : new Error(String(error)));
      this.#log.failed();
      this.#pending = [];
      this.#given(batch);
    } else if (this.#log.hasTold(batch.length)) {
      // Some were called committed before they were durable, so the batch waits for room, and nothing more is taken.
      this.#log.full(true);
      setTimeout(() => this.#give(batch), storageFullRetryMs).unref();
    } else {
      this.#log.refused(batch.length);
      this.#given(batch);
    }
  }

  #given(batch: readonly CommitRecord[]): void {
    this.#log.full(false);
    for (const record of batch) this.#unflushedBytes -= bytesOf(record);
    this.#isFlushing = false;
    if (this.#pending.length > 0) this.#flush();
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #originOf(peer: Peer): LogOrigin {
    let origin = this.#origins.get(peer);
    if (origin === undefined) {
      origin = { send: (message) => this.#send(peer, message) };
      this.#origins.set(peer, origin);
    }
    return origin;
  }

  #send(peer: Peer, message: unknown[]): void {
    if (message[0] === LogReplyOp.state) this.#beginReading(peer, message);
    else if (message[0] === LogReplyOp.unopened)
      this.#unopened(peer, message[1] as PartitionId, message[2] as number, hasFailed());
    else this.#member.sendProtocol(peer, message);
  }

  #unopened(peer: Peer, partition: PartitionId, incarnation: number, error: unknown): void {
    this.#member.sendProtocol(peer, [LogReplyOp.unopened, partition, incarnation, errorToWire(error)]);
  }

  #beginReading(peer: Peer, message: readonly unknown[]): void {
    const [, partition, incarnation] = message as [number, PartitionId, number];
    const readings = this.#readings.get(peer) ?? new Map<PartitionId, Reading>();
    this.#readings.set(peer, readings);
    try {
      readings.set(partition, { pages: this.#engine.readPartition(partition), incarnation });
    } catch (error) {
      this.#unopened(peer, partition, incarnation, error);
    }
    for (let page = 0; page < recoveryPagesAhead; page++) this.#sendPage(peer, partition, incarnation);
  }

  /** The next page; behind the last one an empty message that says so. */
  #sendPage(peer: Peer, partition: PartitionId, incarnation: number): void {
    const readings = this.#readings.get(peer);
    const reading = readings?.get(partition);
    if (reading === undefined || reading.incarnation !== incarnation) return;
    try {
      const { done, value } = reading.pages.next();
      const page = done === true ? undefined : (value as Uint8Array);
      const message = [LogReplyOp.state, partition, incarnation, page];
      if (page === undefined) readings?.delete(partition);
      else message.push(1);
      this.#member.sendProtocol(peer, message, page?.byteLength);
    } catch (error) {
      readings?.delete(partition);
      this.#unopened(peer, partition, incarnation, error);
    }
  }
}

function bytesOf({ parts }: CommitRecord): number {
  let bytes = 0;
  for (let i = 2; i < parts.length; i += 4) bytes += (parts[i] as Uint8Array | undefined)?.byteLength ?? 0;
  return bytes;
}

function hasFailed(): StorageError {
  return new StorageError(
    'STORAGE_FAILED',
    'the storage has failed: partitions whose thread ends are not opened again, because what was committed last is not certain',
  );
}
