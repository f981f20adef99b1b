/**
 * The family `branch` at one member: answers the branches of transactions that it coordinates, and opens the branches
 * that calls from elsewhere make here.
 */
import type {
  ActorMessage,
  Branch,
  CoreMember,
  InsertMode,
  JoinedCalls,
  JoinedTransactions,
  Message,
  MessageFamily,
  OneKeyOp,
  PartitionId,
  Peer,
  PlacedKey,
  ScanRange,
  StorageKey,
  TableHandle,
  TransactionRef,
} from '@troupe/core';
import { ActorTypes, Family, InvariantError, joinedCycle, TransactionFinishedError } from '@troupe/core';
import type { CalledActor } from '../attempt/actor-call-graph.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { TransactionContext } from '../attempt/context.ts';
import type { PlacedKeys, PlacedTableKey } from '../attempt/declared-keys.ts';
import type { LockingTransaction, TransactionGround, Trunks } from '../attempt/open-transaction.ts';
import { toMessage } from '../attempt/own-writes.ts';
import type { ScopeId } from '../attempt/scopes.ts';
import type { TransactionExecutor } from '../attempt/transaction-executor.ts';
import { fromRef } from '../attempt/transaction-ref.ts';
import type { Trunk } from '../attempt/trunk.ts';
import { BranchOp } from '../protocol/messages.ts';
import type { TransactionId } from '../protocol/status-word.ts';
import { type BranchGround, TransactionBranch } from './branch.ts';
import { SnapshotBranch } from './snapshot-branch.ts';

/** A transaction that may have branches. */
interface Trunked {
  readonly transaction: LockingTransaction;
  readonly attempt: Attempt;
  readonly trunk: Trunk;
}

/** Ended transactions of which it is remembered how, for branches that didn't know yet. */
const rememberedMax = 100;

export class BranchService implements MessageFamily, Trunks, JoinedTransactions {
  readonly member: CoreMember['member'];
  readonly placement: CoreMember['placement'];
  readonly #core: CoreMember;
  readonly #context: TransactionContext;
  readonly #ground: () => BranchGround & TransactionGround;
  readonly #open = new Map<TransactionId, Trunked>();
  readonly #underWay = new Map<Peer, Map<number, Trunked>>();
  readonly #ends = new Map<TransactionId, Error>();

  /** `ground` is asked for when there is a branch. */
  constructor(core: CoreMember, context: TransactionContext, ground: () => BranchGround & TransactionGround) {
    this.#core = core;
    this.#context = context;
    this.member = core.member;
    this.placement = core.placement;
    this.#ground = ground;
    core.member.register(Family.branch, this);
  }

  /** Transactions of this member that may have branches. */
  get openTransactions(): number {
    return this.#open.size;
  }

  opened(transaction: LockingTransaction, attempt: Attempt, trunk: Trunk): void {
    const { id } = attempt;
    this.#open.set(id, { transaction, attempt, trunk });
    const attemptEnded = (): void => {
      this.#open.delete(id);
      this.#remember(id, attempt.finishedError());
    };
    attempt.whenEnded({ attemptEnded });
  }

  actorCycle(chain: readonly CalledActor[]): Error {
    return joinedCycle(new ActorTypes(this.#core.definitions), chain);
  }

  // ── for calls made, and calls taken in ────────────────────────────────────────────────────────────────────────

  current(): JoinedCalls | undefined {
    return this.#context.current()?.calls;
  }

  open(ref: TransactionRef): Branch {
    const place = fromRef(ref);
    return place.readTimestamp === undefined
      ? new TransactionBranch(this.#ground(), place)
      : new SnapshotBranch(this.#ground(), place, place.readTimestamp);
  }

  // ── from branches ─────────────────────────────────────────────────────────────────────────────────────────────

  receive(message: Message, from: Peer): void {
    const id = message[2] as TransactionId;
    const trunked = this.#open.get(id);
    if (message[0] === BranchOp.abort) {
      trunked?.attempt.coordinator.abort('timeout');
      return;
    }
    const requestId = message[1] as number;
    if (trunked === undefined) this.member.fail(from, requestId, this.#finished(id));
    else this.#answer(trunked, message, from, requestId);
  }

  /** A bound of the operation has ended its wait: what it would still have done must not join the transaction later. */
  cancelled(requestId: number, from: Peer): void {
    this.#underWay.get(from)?.get(requestId)?.attempt.coordinator.abort('timeout');
  }

  /** Whoever called the branches there hears of it himself, and fails. */
  peerLost(peer: Peer): void {
    this.#underWay.delete(peer);
  }

  #answer(trunked: Trunked, message: Message, from: Peer, requestId: number): void {
    let requests = this.#underWay.get(from);
    if (requests === undefined) {
      requests = new Map<number, Trunked>();
      this.#underWay.set(from, requests);
    }
    requests.set(requestId, trunked);
    this.#perform(trunked, message)
      .then(
        (answer) => this.member.replyOwned(from, requestId, answer),
        (error: unknown) => this.member.fail(from, requestId, error),
      )
      .finally(() => requests.delete(requestId));
  }

  #perform(trunked: Trunked, message: Message): Promise<unknown> {
    const { transaction } = trunked;
    const scope = message[3] as ScopeId;
    switch (message[0]) {
      case BranchOp.begin:
        return transaction.beginNested(scope, keysOf(message[4]));
      case BranchOp.end:
        return this.#endNested(transaction, scope, message[4]);
      default:
        // What it writes is attributed to the scope by the async context, as in the body.
        return this.#context.run(transaction.at(scope), () => this.#operate(trunked, message));
    }
  }

  async #endNested(transaction: LockingTransaction, scope: ScopeId, keep: unknown): Promise<void> {
    if (keep === 1) transaction.keepNested(scope);
    else transaction.undoNested(scope);
  }

  /** Operations on tables, and calls. Bounds are the branch's business. */
  async #operate({ transaction: { executor }, trunk }: Trunked, message: Message): Promise<unknown> {
    switch (message[0]) {
      case BranchOp.ask:
        return trunk.ask(message[3] as ScopeId, actorMessageOf(message));
      case BranchOp.tell:
        return trunk.tell(actorMessageOf(message));
      case BranchOp.one: {
        const [op, table, key, partition, args] = message.slice(4);
        const handle = this.#handle(table);
        const operands = args as readonly unknown[];
        return executor.one(op as OneKeyOp, handle, key as StorageKey, partition as PartitionId, operands);
      }
      default:
        return this.#operateOnMany(executor, message);
    }
  }

  async #operateOnMany(executor: TransactionExecutor, message: Message): Promise<unknown> {
    const table = this.#handle(message[4]);
    switch (message[0]) {
      case BranchOp.getMany:
        return executor.getMany(table, placedOf(message[5]));
      case BranchOp.setMany:
        return executor.setMany(table, placedOf(message[5]), message[6] as readonly unknown[]);
      case BranchOp.deleteMany:
        return executor.deleteMany(table, placedOf(message[5]));
      case BranchOp.clear:
        return executor.clear(table);
      case BranchOp.insertMany: {
        const [values, mode] = message.slice(6) as [readonly unknown[], InsertMode];
        return executor.insertMany(table, placedOf(message[5]), values, 0, mode);
      }
      case BranchOp.lock:
        return executor.lockForWriting(table, placedOf(message[5]));
      case BranchOp.scan:
        return toMessage(await executor.ownWrites(table, undefined, rangeOf(message)));
      default:
        throw new InvariantError(`an unknown branch message arrived: ${String(message[0])}`);
    }
  }

  #handle(table: unknown): TableHandle {
    const definition = this.#core.definitions.mustGet('table', table as number);
    return this.#ground().tables.handle(definition as TableHandle['definition']);
  }

  #remember(id: TransactionId, end: Error): void {
    this.#ends.set(id, end);
    if (this.#ends.size <= rememberedMax) return;
    for (const oldest of this.#ends.keys()) {
      this.#ends.delete(oldest);
      return;
    }
  }

  #finished(id: TransactionId): Error {
    return (
      this.#ends.get(id) ??
      new TransactionFinishedError('the transaction has ended; no operation can join it any more')
    );
  }
}

/** The range of a `scan`; undefined: the whole table. */
function rangeOf(message: Message): ScanRange | undefined {
  if (message.length <= 5) return undefined;
  const [from, to, affinity, partition] = message.slice(5);
  return {
    keys: { from: from as StorageKey | undefined, to: to as StorageKey | undefined },
    affinity: affinity as StorageKey | undefined,
    partition: partition as PartitionId | undefined,
  };
}

function placedOf(list: unknown): PlacedKey[] {
  const flat = list as readonly unknown[];
  const placed: PlacedKey[] = [];
  for (let i = 0; i < flat.length; i += 2)
    placed.push({ key: flat[i] as StorageKey, partition: flat[i + 1] as PartitionId });
  return placed;
}

function keysOf(list: unknown): PlacedKeys | undefined {
  if (list === undefined || list === 'all') return list;
  const flat = list as readonly unknown[];
  const placed: PlacedTableKey[] = [];
  for (let i = 0; i < flat.length; i += 3) {
    const [table, key, partition] = flat.slice(i, i + 3);
    placed.push({
      table: table as number,
      key: key as StorageKey,
      partition: partition as PartitionId,
    });
  }
  return placed;
}

function actorMessageOf(message: Message): ActorMessage {
  const [, , , , actor, key, partition, method, args, path, context] = message;
  return {
    actor: actor as number,
    key: key as StorageKey,
    partition: partition as PartitionId,
    method: method as number,
    args: args as readonly unknown[],
    bytes: 0,
    path: path as ActorMessage['path'],
    context: context as ActorMessage['context'],
  };
}
