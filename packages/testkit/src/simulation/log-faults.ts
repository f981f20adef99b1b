/** Faults in the one-log form of the decision, in what survives a process, and in what may be shown when. */

import { CoordinatorPreventingTheLiving } from './faulty-coordinators.ts';
import {
  LogAnsweringBeforeTheFlush,
  LogFencingLate,
  LogForgettingPrevents,
  LogForgettingRefusals,
  LogOpeningAfterFailures,
  LogOpeningBeforeTheFlush,
  LogSureOfFailures,
  LogWithFallingFence,
  LogWithoutFence,
  LogWritingOn,
  ParticipationKeepingEarly,
  ParticipationNotAsking,
  participationDrawingFirst,
} from './faulty-logs.ts';
import {
  ParticipantIgnoringFlushes,
  ParticipantIgnoringPlainWrites,
  ParticipantShowingTooEarly,
} from './faulty-participants.ts';
import { WordsCommittingAlways } from './faulty-words.ts';
import { clogged, crashes, dyingHosts, failures, type PlantedFault } from './planted-fault.ts';
import { weightsOf } from './shape.ts';

/** Two snapshots that disagree about the order of two writes: many of both, and links that hold some up. */
const plainBesideSnapshots = {
  hosts: 2,
  partitions: 2,
  mainProcesses: 4,
  hostProcesses: 2,
  operations: 200,
  deaths: 0,
  crashes: 0,
  fullChance: 0,
  failChance: 0,
  logDelay: 10,
  liveKeys: 2,
  mopsMax: 3,
  appendsPerKeyMax: 64,
  thinkDelay: 0,
  weights: weightsOf({ plain: 3, snapshot: 3 }),
  ...clogged(0.2, 30),
};

/** By name. */
export const logFaults: readonly PlantedFault[] = (
  [
    {
      name: 'answer-before-the-flush',
      parts: { commitLog: (ports) => new LogAnsweringBeforeTheFlush(ports) },
      aim: crashes,
    },
    {
      name: 'shown-before-it-is-durable',
      parts: { participant: (...given) => new ParticipantShowingTooEarly(...given) },
      aim: crashes,
    },
    {
      name: 'snapshot-ignores-a-commit-in-its-flush',
      parts: { participant: (...given) => new ParticipantIgnoringFlushes(...given) },
      aim: { logDelay: 10, weights: weightsOf({ interactive: 1, plain: 2, blind: 1, snapshot: 4 }) },
    },
    {
      name: 'dead-incarnation-not-fenced',
      parts: { commitLog: (ports) => new LogWithoutFence(ports) },
      aim: { ...dyingHosts, restartDelay: 0, ...clogged(0.1, 20) },
    },
    {
      name: 'fence-that-falls',
      parts: { commitLog: (ports) => new LogWithFallingFence(ports) },
      aim: { ...dyingHosts, hosts: 2, deaths: 16, restartDelay: 0, hostProcesses: 1, ...clogged(0.1, 30) },
    },
    {
      name: 'state-read-before-the-fence',
      parts: { commitLog: (ports) => new LogFencingLate(ports) },
      aim: { ...dyingHosts, restartDelay: 0 },
    },
    {
      name: 'state-without-what-is-in-the-flush',
      parts: {
        commitLog: (ports, disk) =>
          new LogOpeningBeforeTheFlush(ports, (partition) =>
            disk.stateOf(partition, disk.records.slice(0, disk.flushed)),
          ),
      },
      aim: { ...dyingHosts, restartDelay: 0 },
    },
    {
      name: 'prevented-id-forgotten',
      parts: { commitLog: (ports) => new LogForgettingPrevents(ports) },
      aim: { ...dyingHosts, ...clogged(0.2, 20) },
    },
    {
      name: 'committing-of-the-dead-taken-for-aborted',
      parts: { participantLog: (...given) => new ParticipationNotAsking(...given) },
      aim: dyingHosts,
    },
    {
      name: 'live-single-commit-prevented',
      parts: { coordinator: (...given) => new CoordinatorPreventingTheLiving(...given) },
      aim: { ...dyingHosts, deaths: 0, mopsMax: 1, timeoutChance: 0.4, ...clogged(0.1, 10) },
    },
    {
      name: 'single-commit-submitted-without-the-word',
      parts: { originWords: (memory) => new WordsCommittingAlways(memory) },
      aim: { timeoutChance: 0.3, mopsMax: 1, hostProcesses: 2 },
    },
    {
      name: 'plain-write-answered-before-the-flush',
      parts: { participantLog: (...given) => new ParticipationKeepingEarly(...given) },
      aim: { ...crashes, weights: weightsOf({ interactive: 1, plain: 4 }) },
    },
    {
      name: 'snapshot-ignores-a-plain-write-in-its-flush',
      parts: { participant: (...given) => new ParticipantIgnoringPlainWrites(...given) },
      aim: plainBesideSnapshots,
    },
    {
      name: 'group-timestamp-of-its-first-write',
      parts: { participantLog: (...given) => participationDrawingFirst(...given) },
      // Long turns, in which other commits come and go.
      aim: {
        ...plainBesideSnapshots,
        mainProcesses: 8,
        hostProcesses: 4,
        logDelay: 0,
        flushDelay: 20,
      },
    },
    {
      name: 'refused-for-want-of-room-taken-for-kept',
      parts: { commitLog: (ports) => new LogForgettingRefusals(ports) },
      aim: { ...dyingHosts, fullChance: 0.2 },
    },
    {
      name: 'failed-flush-taken-for-not-done',
      parts: { commitLog: (ports) => new LogSureOfFailures(ports) },
      aim: failures,
    },
    {
      name: 'writing-on-after-a-failed-flush',
      parts: { commitLog: (ports) => new LogWritingOn(ports) },
      aim: failures,
    },
    {
      name: 'partition-opened-after-a-failed-flush',
      parts: { commitLog: (ports) => new LogOpeningAfterFailures(ports) },
      aim: { ...failures, deaths: 16, restartDelay: 0, ...clogged(0.1, 10) },
    },
    {
      name: 'clock-restarts-low',
      parts: { clockStart: () => 0 },
      aim: crashes,
    },
    {
      name: 'clock-restarts-just-above-the-log',
      parts: { clockStart: (disk) => disk.lastTimestamp },
      aim: { ...crashes, weights: weightsOf({ interactive: 1, snapshot: 3 }) },
    },
  ] as const satisfies readonly Omit<PlantedFault, 'mode'>[]
).map((fault) => ({ ...fault, mode: 'one-log' }));
