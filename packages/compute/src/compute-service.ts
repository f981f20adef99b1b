/** The family `compute` at one member: its own jobs, and on the main thread those of the pool. */
import { InvariantError, type Message, type MessageFamily, type Peer } from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import { HostedJob } from './hosted-job.ts';
import type { JobRunner } from './job-runner.ts';
import { ComputeOp } from './messages.ts';

export interface ComputeServiceParts {
  readonly local: JobRunner;
  readonly pool: JobRunner;
  /** A host reports that an execution followed here has begun. */
  readonly started: (id: ExecutionId) => void;
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
        this.#parts.local.accept(new HostedJob(message, from));
        break;
      case ComputeOp.pool:
        this.#parts.pool.accept(new HostedJob(message, from));
        break;
      case ComputeOp.started:
        this.#parts.started(message[1] as ExecutionId);
        break;
      default:
        throw new InvariantError(`an unknown compute message arrived: ${String(message[0])}`);
    }
  }

  cancelled(requestId: number, from: Peer): void {
    this.#parts.local.cancelled(requestId, from);
    this.#parts.pool.cancelled(requestId, from);
  }

  peerLost(peer: Peer): void {
    this.#parts.local.peerLost(peer);
    this.#parts.pool.peerLost(peer);
  }
}
