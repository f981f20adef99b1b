/**
 * The member that has the log: the real `CommitLog` over the simulated disk. It flushes whenever something waits, one
 * flush at a time, each with all that came until it began. It dies with the process only.
 */
import type { PartitionId } from '@troupe/core';
import {
  type CommitLog,
  type CommitRecord,
  LogOp,
  type LogOrigin,
  LogReplyOp,
  LogVerdict,
} from '@troupe/transactions';
import {
  formatAddress,
  type MemberAddress,
  type MemberBehaviour,
  type MemberContext,
} from '../simulated-member.ts';
import type { Counters } from './counters.ts';
import type { Disk } from './disk.ts';
import type { Frame } from './outbox.ts';
import type { SimulationParts } from './parts.ts';

/** Its name on the network. */
export const logName = 'log';

export interface LogServerPorts {
  readonly disk: Disk;
  readonly parts: SimulationParts;
  readonly counters: Counters;
  /** How long the next flush takes. */
  flushDelayMs(): number;
  /** How the next flush ends. */
  flushEnd(): 'durable' | 'full' | 'failed';
  /** The storage is lost for writing. */
  failed(): void;
}

export class LogServer implements MemberBehaviour<Frame> {
  readonly #ports: LogServerPorts;
  readonly #context: MemberContext<Frame>;
  readonly #log: CommitLog;
  readonly #origins = new Map<string, LogOrigin>();
  #isFlushing = false;

  constructor(ports: LogServerPorts, context: MemberContext<Frame>) {
    const { disk, parts } = ports;
    this.#ports = ports;
    this.#context = context;
    const storage = {
      append: (record: CommitRecord) => disk.append(record),
      stateOf: (partition: PartitionId) => disk.stateOf(partition),
    };
    this.#log = parts.commitLog(storage, disk);
  }

  receive(frame: Frame, from: MemberAddress): void {
    const origin = this.#originOf(from);
    for (const message of frame) {
      if (message[0] === LogOp.commit) {
        const [, id, timestamp, parts, heard] = message as [
          number,
          number,
          number,
          readonly unknown[],
          number,
        ];
        this.#log.commit({ id, timestamp, parts }, heard, origin);
      } else if (message[0] === LogOp.prevent) {
        this.#ports.counters.prevents += 1;
        this.#log.prevent(message[1] as number, origin);
      } else this.#log.open(message[1] as number, message[2] as number, origin);
    }
    this.#flush();
  }

  memberLost(lost: MemberAddress): void {
    const label = formatAddress(lost);
    const origin = this.#origins.get(label);
    this.#origins.delete(label);
    if (origin !== undefined) this.#log.originLost(origin);
  }

  #flush(): void {
    const count = this.#log.unflushed;
    if (this.#isFlushing || count === 0 || this.#log.hasFailed) return;
    this.#isFlushing = true;
    this.#context.clock.setTimer(this.#ports.flushDelayMs(), () => {
      this.#isFlushing = false;
      this.#end(count);
      this.#flush();
    });
  }

  #end(count: number): void {
    const ports = this.#ports;
    const { disk, counters } = ports;
    const end = ports.flushEnd();
    if (end === 'durable') {
      disk.flush(count);
      this.#log.flushed(count);
    } else if (end === 'full') {
      counters.full += count;
      disk.refuse(count);
      this.#log.refused(count);
    } else {
      // What the disk has of it is for a crash to show.
      counters.failures += 1;
      this.#log.failed();
      ports.failed();
    }
  }

  #answer(to: MemberAddress, message: unknown[]): void {
    const isRefusal = message[0] === LogReplyOp.decided && message[1] !== LogVerdict.committed;
    if (isRefusal) this.#ports.counters.refusals += message.length - 2;
    this.#context.send(to, [message]);
  }

  #originOf(from: MemberAddress): LogOrigin {
    const label = formatAddress(from);
    let origin = this.#origins.get(label);
    if (origin === undefined) {
      origin = { send: (message) => this.#answer(from, message) };
      this.#origins.set(label, origin);
    }
    return origin;
  }
}
