/**
 * Plain operations, snapshot reads and scans at the owner of a partition, as core's table service serves them: ask
 * the concurrency control, run in one turn or wait in line, answer. Of core's operations only those that the workload
 * needs; `append` is in the place of all that read and write one key.
 */
import type { SharedState, StorageError, Timestamp, Waiting } from '@troupe/core';
import { newest, type PartitionStore, SnapshotTooOldError, TableOp } from '@troupe/core';
import type { Participant } from '@troupe/transactions';
import { formatAddress, type MemberAddress } from '../simulated-member.ts';
import type { ActorHost } from './actor-host.ts';

/** [op, requestId, partition, incarnation, table, key, value]: beside core's own opcodes. */
export const appendOp = 30;

/** How a call ended. */
export type CallAnswer =
  | { readonly kind: 'answered'; readonly value: unknown }
  /** Nothing was done. */
  | { readonly kind: 'moved' | 'too-old' }
  /** The owner died before it answered. */
  | { readonly kind: 'lost' };

/** A partition as its member has it. */
export interface ServedPartition {
  readonly id: number;
  readonly incarnation: number;
  readonly store: PartitionStore;
  readonly participant: Participant;
  readonly actors: ActorHost;
}

export interface TableServerPorts {
  readonly shared: SharedState;
  tryPartition(id: number): ServedPartition | undefined;
  answer(to: MemberAddress, requestId: number, answer: CallAnswer): void;
}

type Message = readonly unknown[];

export class TableServer {
  readonly #ports: TableServerPorts;
  /** By caller and request. */
  readonly #waiting = new Map<string, Map<number, Waiting>>();

  constructor(ports: TableServerPorts) {
    this.#ports = ports;
  }

  /** Requests that wait for a lock or for a writer to settle. */
  get waiting(): number {
    let count = 0;
    for (const requests of this.#waiting.values()) count += requests.size;
    return count;
  }

  receive(message: Message, from: MemberAddress): void {
    const partition = this.#ports.tryPartition(message[2] as number);
    if (partition === undefined || partition.incarnation !== message[3]) {
      this.#ports.answer(from, message[1] as number, { kind: 'moved' });
    } else if (message[0] === TableOp.get || message[0] === appendOp) this.#oneKey(partition, message, from);
    else this.#read(partition, message, from);
  }

  /** The caller's thread is gone. */
  callerLost(caller: MemberAddress): void {
    const label = formatAddress(caller);
    const requests = this.#waiting.get(label);
    this.#waiting.delete(label);
    for (const waiting of requests?.values() ?? []) waiting.cancel();
  }

  #oneKey(partition: ServedPartition, message: Message, from: MemberAddress): void {
    const { participant } = partition;
    const table = message[4] as number;
    const key = message[5] as string;
    const access = message[0] === TableOp.get ? 'read' : 'write';
    if (participant.isFree(table, key, access)) this.#apply(partition, message, from);
    else {
      this.#wait(
        message,
        from,
        (resume) => participant.wait(table, key, access, resume),
        () => this.#apply(partition, message, from),
      );
    }
  }

  #apply({ store, participant }: ServedPartition, message: Message, from: MemberAddress): void {
    const table = message[4] as number;
    const key = message[5] as string;
    const value = store.read(table, key);
    if (message[0] === appendOp) {
      const list = [...((value as readonly number[] | undefined) ?? []), message[6] as number];
      const { writes } = participant;
      if (writes !== undefined) {
        writes.keepKey(table, key, list, (error) =>
          this.#ports.answer(from, message[1] as number, keptAnswer(error, value)),
        );
        return;
      }
      store.write(table, key, list, this.#ports.shared.draw());
    }
    this.#ports.answer(from, message[1] as number, { kind: 'answered', value });
  }

  /** `read` [op, requestId, partition, incarnation, table, snapshot, keys]; `scan` the same without keys. */
  #read(partition: ServedPartition, message: Message, from: MemberAddress): void {
    const { participant } = partition;
    const table = message[4] as number;
    const snapshot = message[5] as Timestamp;
    const keys = message[0] === TableOp.scan ? [undefined] : (message[6] as readonly string[]);
    const unsettled =
      snapshot === newest ? -1 : keys.findIndex((key) => !participant.isSettled(table, key, snapshot));
    if (unsettled !== -1) {
      this.#wait(
        message,
        from,
        (resume) => participant.waitSettled(table, keys[unsettled], snapshot, resume),
        () => this.#read(partition, message, from),
      );
      return;
    }
    this.#ports.answer(from, message[1] as number, answerOf(partition.store, message));
  }

  #wait(
    message: Message,
    from: MemberAddress,
    queue: (resume: () => void) => Waiting,
    run: () => void,
  ): void {
    const requestId = message[1] as number;
    const label = formatAddress(from);
    const requests = this.#waiting.get(label) ?? new Map<number, Waiting>();
    this.#waiting.set(label, requests);
    let resumed = false;
    const waiting = queue(() => {
      resumed = true;
      requests.delete(requestId);
      run();
    });
    if (!resumed) requests.set(requestId, waiting);
  }
}

function keptAnswer(error: Error | undefined, value: unknown): CallAnswer {
  if (error === undefined) return { kind: 'answered', value };
  // As if its owner had died.
  const isUnknown = (error as StorageError).details['outcome'] === 'unknown';
  return { kind: isUnknown ? 'lost' : 'moved' };
}

function answerOf(store: PartitionStore, message: Message): CallAnswer {
  const table = message[4] as number;
  const snapshot = message[5] as Timestamp;
  try {
    if (message[0] === TableOp.scan) {
      const entries: unknown[] = [];
      const walk = store.iterate(table, snapshot);
      while (walk.advance()) entries.push(walk.key, walk.value);
      return { kind: 'answered', value: entries };
    }
    const keys = message[6] as readonly string[];
    return { kind: 'answered', value: keys.map((key) => store.readAt(table, key, snapshot)) };
  } catch (error) {
    if (error instanceof SnapshotTooOldError) return { kind: 'too-old' };
    throw error;
  }
}

/** What an answered scan found. */
export function* entriesOf(answer: CallAnswer): Generator<[key: string, list: readonly number[]]> {
  if (answer.kind !== 'answered') return;
  const entries = answer.value as unknown[];
  for (let index = 0; index < entries.length; index += 2)
    yield [entries[index] as string, entries[index + 1] as readonly number[]];
}
