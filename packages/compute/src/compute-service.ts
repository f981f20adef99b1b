/** The family `compute` at one member: its own jobs, on the main thread those of the pool, and news for its callers. */
import {
  type Definitions,
  InvariantError,
  type Member,
  type Message,
  type MessageFamily,
  type Peer,
} from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import { type ExecutionRow, rowOf } from './execution-row.ts';
import { HostedJob } from './hosted-job.ts';
import type { JobRunner } from './job-runner.ts';
import { ComputeOp } from './messages.ts';

/** What hosts say about executions that are followed here. */
export interface ExecutionNews {
  /** It has begun. */
  started(id: ExecutionId): void;
  report(id: ExecutionId, requestId: number, report: unknown, from: Peer): void;
}

export interface ComputeServiceParts {
  readonly member: Member;
  readonly definitions: Definitions;
  readonly local: JobRunner;
  readonly pool: JobRunner;
  readonly news: ExecutionNews;
}

export class ComputeService implements MessageFamily {
  readonly #parts: ComputeServiceParts;

  constructor(parts: ComputeServiceParts) {
    this.#parts = parts;
  }

  receive(message: Message, from: Peer): void {
    switch (message[0]) {
      case ComputeOp.run:
      case ComputeOp.map:
      case ComputeOp.stream:
        this.#parts.local.accept(new HostedJob(message, from));
        break;
      case ComputeOp.pool:
        this.#parts.pool.accept(new HostedJob(message, from));
        break;
      default:
        this.#receiveOther(message, from);
    }
  }

  cancelled(requestId: number, from: Peer): void {
    for (const runner of this.#runners) runner.cancelled(requestId, from);
  }

  peerLost(peer: Peer): void {
    for (const runner of this.#runners) runner.peerLost(peer);
  }

  get #runners(): readonly JobRunner[] {
    return [this.#parts.local, this.#parts.pool];
  }

  #receiveOther(message: Message, from: Peer): void {
    const { news } = this.#parts;
    const id = message[1] as ExecutionId;
    switch (message[0]) {
      case ComputeOp.started:
        news.started(id);
        break;
      case ComputeOp.report:
        news.report(id, message[2] as number, message[3], from);
        break;
      default:
        this.#receiveOfCaller(message, from);
    }
  }

  #receiveOfCaller(message: Message, from: Peer): void {
    const { member } = this.#parts;
    const requestId = message[1] as number;
    switch (message[0]) {
      case ComputeOp.cancel:
        for (const runner of this.#runners) runner.stop(requestId, from);
        break;
      case ComputeOp.heard:
        this.#find(requestId, from)?.reports?.heard();
        break;
      case ComputeOp.prioritize:
        member.replyOwned(from, requestId, this.#prioritize(message, from));
        break;
      case ComputeOp.list:
        member.replyOwned(from, requestId, this.#rows());
        break;
      default:
        throw new InvariantError(`an unknown compute message arrived: ${String(message[0])}`);
    }
  }

  #find(requestId: number, from: Peer): HostedJob | undefined {
    return this.#parts.local.tryFind(requestId, from) ?? this.#parts.pool.tryFind(requestId, from);
  }

  #prioritize(message: Message, from: Peer): boolean {
    const [, , of, priority] = message as [number, number, number, number];
    return this.#runners.some((runner) => runner.prioritize(of, from, priority));
  }

  #rows(): ExecutionRow[] {
    const { member, definitions, local, pool } = this.#parts;
    const originMs = performance.timeOrigin;
    return [
      ...local.list().map((job) => rowOf(job, definitions, member.self.id - 1, originMs)),
      ...pool.list().map((job) => rowOf(job, definitions, undefined, originMs)),
    ];
  }
}
