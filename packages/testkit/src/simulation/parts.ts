/**
 * What a simulated grid is made of: the real protocol cores, and the few decisions that their shell on real threads
 * takes. A planted fault replaces some of them, so no production code has a flag for it.
 */
import type { PartitionId, SharedState, Timestamp } from '@troupe/core';
import {
  CommitLog,
  type CommitLogPorts,
  Coordinator,
  type CoordinatorPorts,
  clockStartOf,
  type Decision,
  type GroupCommitPorts,
  type IdempotencyGround,
  IdempotencyGuard,
  LogClient,
  MemoryDecision,
  nextStartEpoch,
  OneLogDecision,
  OneLogParticipation,
  type Origin,
  Participant,
  type ParticipantLog,
  type ParticipantPorts,
  StatusWords,
  type TransactionId,
  Workspace,
} from '@troupe/transactions';
import type { Disk } from './disk.ts';

export interface SimulationParts {
  coordinator(id: TransactionId, age: number, slot: number, ports: CoordinatorPorts): Coordinator;
  participant(partition: ConstructorParameters<typeof Participant>[0], ports: ParticipantPorts): Participant;
  decision(
    words: StatusWords,
    incarnationOf: (partition: PartitionId) => number,
    draw: () => Timestamp,
    /** Undefined: fates are decided in memory. */
    log: LogClient | undefined,
  ): Decision;
  participantLog(log: LogClient, ports: GroupCommitPorts): ParticipantLog;
  logClient(send: (message: unknown[]) => void): LogClient;
  commitLog(ports: CommitLogPorts, disk: Disk): CommitLog;
  /** Where the clock of a new process begins; makes durable what must be. */
  clockStart(disk: Disk): Timestamp;
  /** Where an attempt keeps what it has read and written. */
  workspace(): Workspace;
  /** What an attempt does about its idempotency key. */
  guard(key: string, procedure: string | undefined, ground: IdempotencyGround): IdempotencyGuard;
  /** A participant's view of a coordinator's words. */
  originWords(memory: SharedArrayBuffer): StatusWords;
  /** The horizon of a partition that is created anew. */
  horizon(shared: SharedState): Timestamp;
  /** Draws the timestamps of one partition. */
  draws(shared: SharedState): () => Timestamp;
  /** A request as the participant is given it. */
  request(message: readonly unknown[], incarnation: number): readonly unknown[];
  originLost(participant: Participant, origin: Origin): void;
  /** When a commit without votes takes effect, on a host. */
  readonly handOver: 'after the flush' | 'at once';
  /** When the word of a transaction may be lent again. */
  readonly slotRelease: 'after the flush' | 'at once';
  /** Whether those who wait for turns of actors must let go, for so many wait for a status word. */
  isShortOfWords(waiting: number): boolean;
  /** The id of an attempt. `first` is that of the first one. */
  attemptId(first: TransactionId | undefined, draw: () => TransactionId): TransactionId;
}

export const soundParts: SimulationParts = {
  coordinator: (id, age, slot, ports) => new Coordinator(id, age, slot, ports),
  participant: (partition, ports) => new Participant(partition, ports),
  decision: (words, incarnationOf, draw, log) =>
    log === undefined
      ? new MemoryDecision(words, incarnationOf, draw)
      : new OneLogDecision(words, incarnationOf, draw, log),
  participantLog: (log, ports) => new OneLogParticipation(log, ports),
  logClient: (send) => new LogClient(send),
  commitLog: (ports) => new CommitLog(ports),
  clockStart: (disk) => {
    disk.epoch = nextStartEpoch(disk.epoch, disk.lastTimestamp);
    return clockStartOf(disk.epoch);
  },
  workspace: () => new Workspace(),
  guard: (key, procedure, ground) => new IdempotencyGuard(key, procedure, ground),
  originWords: (memory) => new StatusWords(memory),
  horizon: (shared) => shared.draw(),
  draws: (shared) => () => shared.draw(),
  request: (message) => message,
  originLost: (participant, origin) => participant.originLost(origin),
  handOver: 'after the flush',
  slotRelease: 'after the flush',
  isShortOfWords: (waiting) => waiting > 0,
  attemptId: (_first, draw) => draw(),
};
