/**
 * Group commit: what the partitions of one member write themselves in one turn of its event loop shares a record of the
 * log, and so one message, one timestamp and one answer. After DeWitt et al., Implementation Techniques for Main Memory
 * Database Systems, SIGMOD 1984, who share the flush; the log's frames do that already. Pure.
 *
 * All of them hold their locks until the log has answered. So no two touch the same key, none has seen another, and a
 * timestamp that is drawn when the record is submitted is one at which all are held. Either all are kept or none: the
 * partitions of a member are opened anew together, when it has died.
 */
import type { PartitionId, StorageKey, Timestamp } from '@troupe/core';
import { groupCommitBytesMax } from '@troupe/core';
import type { CommitGroup, Touched, Verdict } from '../protocol/decision.ts';
import type { LogClient } from './log-client.ts';
import { verdicts } from './log-verdicts.ts';
import type { PartWriter } from './part-writer.ts';

export interface GroupCommitPorts {
  /** The next timestamp of the shared clock. */
  draw(): Timestamp;
  /** Calls `submit` when the turn has run, before its messages leave. */
  atTurnEnd(submit: () => void): void;
}

class OpenGroup implements CommitGroup {
  timestamp: Timestamp | undefined = undefined;
  bytes = 0;
  readonly parts: OpenPart[] = [];
  readonly decided: ((verdict: Verdict) => void)[] = [];
}

/** What a partition has in the open group. */
class OpenPart {
  readonly partition: PartitionId;
  readonly writer: PartWriter;
  group: OpenGroup | undefined;
  incarnation = 0;

  constructor(partition: PartitionId, writer: PartWriter) {
    this.partition = partition;
    this.writer = writer;
  }
}

export class GroupCommit {
  readonly #log: LogClient;
  readonly #ports: GroupCommitPorts;
  readonly #parts = new Map<PartitionId, OpenPart>();
  #open: OpenGroup | undefined;

  constructor(log: LogClient, ports: GroupCommitPorts) {
    this.#log = log;
    this.#ports = ports;
  }

  /** The key is locked until `decided` is called. */
  keep(
    touched: Touched,
    table: number,
    key: StorageKey,
    value: unknown,
    decided: (verdict: Verdict) => void,
  ): CommitGroup {
    const group = this.#open ?? this.#begin();
    const { writer } = this.#partOf(touched, group);
    const before = writer.bytes;
    writer.write(table, key, value);
    group.bytes += writer.bytes - before;
    group.decided.push(decided);
    if (group.bytes >= groupCommitBytesMax) this.#submit();
    return group;
  }

  #begin(): OpenGroup {
    const group = new OpenGroup();
    this.#open = group;
    this.#ports.atTurnEnd(() => {
      if (this.#open === group) this.#submit();
    });
    return group;
  }

  #partOf({ partition, incarnation }: Touched, group: OpenGroup): OpenPart {
    let part = this.#parts.get(partition);
    if (part === undefined) {
      part = new OpenPart(partition, this.#log.newPartWriter());
      this.#parts.set(partition, part);
    }
    if (part.group !== group) {
      part.group = group;
      part.incarnation = incarnation;
      part.writer.begin(nothingCleared);
      group.parts.push(part);
    }
    return part;
  }

  #submit(): void {
    const group = this.#open as OpenGroup;
    this.#open = undefined;
    const timestamp = this.#ports.draw();
    group.timestamp = timestamp;
    const parts: unknown[] = [];
    for (const part of group.parts) {
      parts.push(part.partition, part.incarnation);
      part.writer.takeInto(parts);
      part.group = undefined;
    }
    this.#log.submit(timestamp, timestamp, parts, group.bytes, (answer) => {
      const verdict = verdicts[answer];
      for (const decided of group.decided) decided(verdict);
    });
  }
}

const nothingCleared: readonly number[] = [];
