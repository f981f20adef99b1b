/**
 * Views and kills at one member: asks every member that is connected, and answers for this one. Nothing is kept for it
 * while transactions run; whoever asks pays.
 *
 * A member that is gone, or is being started again, coordinates nothing and holds no locks: it is left out. One that
 * lives and doesn't answer in time is an error that names it, for its silence may be what the asker is looking for.
 */
import type { CallOptions, CoreMember, MessageFamily, Peer } from '@troupe/core';
import {
  checkCallOptions,
  Family,
  HostLostError,
  InvariantError,
  mustBeInteger,
  TimeoutError,
  viewRowsMax,
} from '@troupe/core';
import { ViewOp } from '../protocol/messages.ts';
import type { TransactionId } from '../protocol/status-word.ts';
import type { Closures } from '../run/closures.ts';
import type { TransactionService } from '../transaction-service.ts';
import { mergeMetrics, type RawMetrics, type TransactionMetrics } from './transaction-metrics.ts';
import {
  type LockRow,
  type LockViews,
  lockRow,
  locksOf,
  type MemberLock,
  type MemberTransactions,
  mostContended,
  partsOf,
  type TransactionRow,
  type TransactionViews,
  transactionRows,
} from './transaction-views.ts';

export class ViewService implements MessageFamily {
  /** What users get. */
  readonly transactions: TransactionViews = {
    list: (options) => this.#listTransactions(options),
    abort: (id, options) => this.#abort(id, options),
    metrics: (options) => this.#metrics(options),
  };
  readonly locks: LockViews = { list: (options) => this.#listLocks(options) };
  readonly #core: CoreMember;
  readonly #service: TransactionService;
  readonly #closures: Closures;

  constructor(core: CoreMember, service: TransactionService, closures: Closures) {
    this.#core = core;
    this.#service = service;
    this.#closures = closures;
    core.member.register(Family.view, this);
  }

  // ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────

  async #listTransactions(options: CallOptions | undefined): Promise<TransactionRow[]> {
    return transactionRows(await this.#askAll<MemberTransactions>(ViewOp.transactions, options));
  }

  async #listLocks(options: CallOptions | undefined): Promise<LockRow[]> {
    const answers = await this.#askAll<MemberLock[]>(ViewOp.locks, options);
    return [...answers.values()].flat().map((lock) => lockRow(lock, this.#core.definitions));
  }

  async #metrics(options: CallOptions | undefined): Promise<TransactionMetrics> {
    return mergeMetrics([...(await this.#askAll<RawMetrics>(ViewOp.metrics, options)).values()]);
  }

  async #abort(id: number, options: CallOptions | undefined): Promise<boolean> {
    mustBeInteger(id, 'id', 0, Number.MAX_SAFE_INTEGER);
    checkCallOptions(options ?? {});
    const asked = this.#connected().map((peer) => this.#ask<boolean>(peer, ViewOp.abort, options, id));
    // One yes is enough; a host that doesn't answer is no reason to wait then.
    return new Promise<boolean>((resolve, reject) => {
      for (const answer of asked) answer.then((ended) => ended === true && resolve(true), ignored);
      Promise.all(asked).then(() => resolve(false), reject);
    });
  }

  async #askAll<T>(op: number, options: CallOptions | undefined): Promise<Map<number, T>> {
    checkCallOptions(options ?? {});
    const peers = this.#connected();
    const answers = await Promise.all(peers.map((peer) => this.#ask<T>(peer, op, options)));
    const told = new Map<number, T>();
    for (const [i, { id }] of peers.entries()) {
      const answer = answers[i];
      if (answer !== undefined) told.set(id, answer);
    }
    return told;
  }

  /** Undefined when the member dies before it answers. */
  async #ask<T>(
    peer: Peer,
    op: number,
    options: CallOptions | undefined,
    ...args: readonly unknown[]
  ): Promise<T | undefined> {
    try {
      return (await this.#core.member.requestProtocol(peer, [op, 0, ...args], options)) as T;
    } catch (error) {
      if (error instanceof HostLostError) return undefined;
      throw error instanceof TimeoutError ? silent(peer, op, error) : error;
    }
  }

  #connected(): Peer[] {
    const { member } = this.#core;
    const peers: Peer[] = [];
    for (let id = 0; id < member.shared.memberCount; id++) {
      const peer = member.tryPeer(id);
      if (peer !== undefined) peers.push(peer);
    }
    return peers;
  }

  // ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────

  receive(message: readonly unknown[], from: Peer): void {
    this.#core.member.replyOwned(from, message[1] as number, this.#answer(message));
  }

  #answer(message: readonly unknown[]): unknown {
    switch (message[0]) {
      case ViewOp.transactions:
        return this.#memberTransactions();
      case ViewOp.locks:
        return this.#memberLocks();
      case ViewOp.metrics:
        return this.#service.meter.raw();
      case ViewOp.abort:
        return this.#closures.kill(message[2] as TransactionId);
      case ViewOp.blockedBy:
        return this.#service.blockedBy(message[2] as TransactionId);
      default:
        throw new InvariantError(`an unknown view message arrived: ${String(message[0])}`);
    }
  }

  #memberTransactions(): MemberTransactions {
    return { underWay: this.#closures.underWay(), parts: partsOf(this.#service.participants) };
  }

  #memberLocks(): MemberLock[] {
    const locks = [];
    for (const [id, participant] of this.#service.participants) locks.push(...locksOf(id, participant));
    return mostContended(locks, viewRowsMax);
  }
}

function silent({ id }: Peer, op: number, { details }: TimeoutError): TimeoutError {
  const host = id - 1;
  const { timeoutMs } = details;
  return new TimeoutError(
    `${id === 0 ? 'the thread of the service' : `host ${host}`} did not answer within ${String(timeoutMs)} ms; is its event loop held up?`,
    {
      details: {
        timeoutMs,
        outcome: op === ViewOp.abort ? 'unknown' : 'not-done',
        ...(id === 0 ? {} : { host }),
      },
    },
  );
}

function ignored(): void {}
