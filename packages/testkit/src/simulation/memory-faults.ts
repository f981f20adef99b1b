/**
 * Faults in what both forms of the decision share, and in the memory form. Each is a subclass, another strategy or
 * another port in the place of a sound part; most are what an implementer would get wrong, some stood in an earlier
 * state of the protocol.
 */
import type { Timestamp } from '@troupe/core';
import { type Decision, type LockStrategy, MemoryDecision, Participant } from '@troupe/transactions';
import {
  CoordinatorAlwaysPatient,
  ParticipantIgnoringTurns,
  ParticipantInstallingAborted,
  ParticipantLettingTurnsBegin,
} from './faulty-actors.ts';
import {
  CoordinatorDeafToTheDead,
  CoordinatorNotValidating,
  CoordinatorReleasingReadsEarly,
  CoordinatorTakingLastVote,
  CoordinatorTrustingReads,
  CoordinatorWaitingForAllButOne,
} from './faulty-coordinators.ts';
import {
  GuardForgettingReads,
  GuardNotAskingForBlindWrites,
  GuardNotLooking,
  GuardWithoutHome,
  GuardWritingAtHome,
  ParticipantTellingPendingRows,
} from './faulty-guards.ts';
import {
  ParticipantDroppingAnnouncements,
  ParticipantForgettingAnswers,
  ParticipantIgnoringTableReads,
  ParticipantIgnoringVotes,
  ParticipantInstallingAtOwnVote,
  ParticipantKeepingWaiters,
  ParticipantTrustingAnnouncements,
  ParticipantTrustingLentWords,
} from './faulty-participants.ts';
import { ParticipantIgnoringRanges, ParticipantLockingKnownKeys } from './faulty-ranges.ts';
import { WordsThatAreNeverSafe, WordsWonByEveryone } from './faulty-words.ts';
import {
  WorkspaceClearingWhatItKnows,
  WorkspaceKeepingNestedClears,
  WorkspaceKeepingNestedWrites,
} from './faulty-workspaces.ts';
import {
  clogged,
  dyingCoordinators,
  type PlantedFault,
  quickReturns,
  repeatsAfterDeaths,
  scarceWords,
  slowNews,
  votes,
  withActors,
} from './planted-fault.ts';
import { weightsOf } from './shape.ts';

const arrivalOrder: LockStrategy = { name: 'arrival', decide: () => 'wait', ageOfPlain: (id) => id };

class DecisionWithoutIncarnations extends MemoryDecision {
  override commit(...[id, slot, timestamp, , writes, decided]: Parameters<Decision['commit']>): void {
    super.commit(id, slot, timestamp, [], writes, decided);
  }

  override commitUnasked(...[id, slot, , writes, decided]: Parameters<Decision['commitUnasked']>): void {
    super.commitUnasked(id, slot, [], writes, decided);
  }
}

class DecisionWithoutWord extends MemoryDecision {
  override commit(...[id, slot, timestamp, touched, writes, decided]: Parameters<Decision['commit']>): void {
    super.commit(id, slot, timestamp, touched, writes, (verdict) =>
      decided(verdict === 'aborted' ? 'committed' : verdict),
    );
  }
}

/** Timestamps in blocks of eight for each partition. */
function reservedAhead(draw: () => Timestamp): () => Timestamp {
  let reserved: Timestamp[] = [];
  return () => {
    if (reserved.length === 0) reserved = Array.from({ length: 8 }, draw);
    return reserved.shift() ?? 0;
  };
}

/** By name. */
export const memoryFaults: readonly PlantedFault[] = (
  [
    {
      name: 'shared-locks-released-at-the-vote',
      parts: { coordinator: (...given) => new CoordinatorReleasingReadsEarly(...given) },
      aim: votes,
    },
    {
      name: 'queue-by-arrival',
      parts: { participant: (partition, ports) => new Participant(partition, ports, arrivalOrder) },
    },
    {
      name: 'one-vote-not-awaited',
      parts: { coordinator: (...given) => new CoordinatorWaitingForAllButOne(...given) },
    },
    {
      name: 'no-incarnation-check',
      parts: {
        decision: (words, incarnationOf, draw) => new DecisionWithoutIncarnations(words, incarnationOf, draw),
        request: (message, incarnation) => message.with(3, incarnation),
      },
      aim: quickReturns,
    },
    {
      name: 'timestamp-of-the-last-vote',
      parts: { coordinator: (...given) => new CoordinatorTakingLastVote(...given) },
    },
    {
      name: 'installed-at-own-timestamp',
      parts: { participant: (...given) => new ParticipantInstallingAtOwnVote(...given) },
    },
    {
      name: 'timestamps-reserved-ahead',
      parts: { draws: (shared) => reservedAhead(() => shared.draw()) },
    },
    {
      name: 'snapshot-ignores-a-voted-writer',
      parts: { participant: (...given) => new ParticipantIgnoringVotes(...given) },
    },
    {
      name: 'snapshot-trusts-a-word-that-was-lent-again',
      parts: { participant: (...given) => new ParticipantTrustingLentWords(...given) },
      aim: {
        ...scarceWords,
        deaths: 0,
        mainProcesses: 4,
        hostProcesses: 2,
        flushDelay: 0,
        weights: weightsOf({ interactive: 3, snapshot: 3 }),
        ...clogged(0.05, 20),
      },
    },
    {
      name: 'old-snapshots-served-after-a-loss',
      parts: { horizon: () => 0 },
      aim: { deaths: 4, restartDelay: 0 },
    },
    {
      name: 'horizon-of-a-successor-not-drawn',
      parts: { horizon: (shared) => shared.now() },
      aim: {
        ...quickReturns,
        mainProcesses: 1,
        hostProcesses: 0,
        weights: weightsOf({ interactive: 1, snapshot: 4 }),
      },
    },
    {
      name: 'committing-transaction-wounded',
      parts: { originWords: (memory) => new WordsThatAreNeverSafe(memory) },
    },
    {
      name: 'single-commit-without-the-word',
      parts: { originWords: (memory) => new WordsWonByEveryone(memory) },
      aim: { timeoutChance: 0.3, mopsMax: 1, hostProcesses: 2 },
    },
    {
      name: 'slot-lent-again-before-the-decision-is-sent',
      parts: { slotRelease: 'at once' },
      aim: { ...scarceWords, blindChance: 0.5, mopsMax: 2, weights: weightsOf({ interactive: 1, plain: 1 }) },
    },
    {
      name: 'committed-before-the-writes-are-handed-over',
      parts: { handOver: 'at once' },
      aim: dyingCoordinators,
    },
    {
      name: 'announced-writes-installed-before-the-word',
      parts: { participant: (...given) => new ParticipantTrustingAnnouncements(...given) },
      aim: dyingCoordinators,
    },
    {
      name: 'announced-writes-dropped-when-the-word-was-lent-again',
      parts: { participant: (...given) => new ParticipantDroppingAnnouncements(...given) },
      aim: { ...dyingCoordinators, hosts: 3, hostProcesses: 3, slots: 1, flushDelay: 1 },
    },
    {
      name: 'dead-coordinators-kept',
      parts: { originLost: () => undefined },
      aim: { hosts: 3, hostProcesses: 2, deaths: 4 },
    },
    {
      name: 'death-of-the-only-decider-not-heard',
      parts: { coordinator: (...given) => new CoordinatorDeafToTheDead(...given) },
      aim: { deaths: 6, hosts: 2, hostProcesses: 2, mopsMax: 1 },
    },
    {
      name: 'id-used-again-after-a-retry',
      parts: { attemptId: (first, draw) => first ?? draw() },
    },
    {
      name: 'lock-request-outlives-its-decision',
      parts: { participant: (...given) => new ParticipantKeepingWaiters(...given) },
    },
    {
      name: 'throwing-body-not-validated',
      parts: { coordinator: (...given) => new CoordinatorNotValidating(...given) },
      aim: { ...slowNews, userAbortChance: 0.5 },
    },
    {
      name: 'reads-committed-without-the-word',
      parts: { coordinator: (...given) => new CoordinatorTrustingReads(...given) },
      aim: slowNews,
    },
    {
      name: 'commit-of-a-wounded-transaction',
      parts: {
        decision: (words, incarnationOf, draw) => new DecisionWithoutWord(words, incarnationOf, draw),
      },
      aim: votes,
    },
    {
      name: 'intent-to-write-beside-a-table-read',
      parts: { participant: (...given) => new ParticipantIgnoringTableReads(...given) },
      aim: { weights: weightsOf({ interactive: 3, scan: 2, blind: 1 }) },
    },
    {
      name: 'range-lock-ignores-inserts',
      parts: { participant: (...given) => new ParticipantLockingKnownKeys(...given) },
      aim: { blindChance: 0.2, weights: weightsOf({ interactive: 2, rangeScan: 3, blind: 2 }) },
    },
    {
      name: 'range-lock-ignores-writers',
      parts: { participant: (...given) => new ParticipantIgnoringRanges(...given) },
      aim: { weights: weightsOf({ interactive: 3, rangeScan: 2, blind: 1 }) },
    },
    {
      name: 'locks-given-back-after-an-answer',
      parts: { participant: (...given) => new ParticipantForgettingAnswers(...given) },
    },
    {
      name: 'failed-nested-transaction-keeps-its-writes',
      parts: { workspace: () => new WorkspaceKeepingNestedWrites() },
    },
    {
      name: 'failed-nested-transaction-keeps-its-clear',
      parts: { workspace: () => new WorkspaceKeepingNestedClears() },
      aim: { nestedChance: 0.5, weights: weightsOf({ clear: 1, clearable: 4 }) },
    },
    {
      name: 'clear-spares-what-was-not-touched',
      parts: { workspace: () => new WorkspaceClearingWhatItKnows() },
      aim: { weights: weightsOf({ clear: 1, clearable: 4 }) },
    },
    {
      name: 'idempotency-key-not-looked-up',
      parts: { guard: (...given) => new GuardNotLooking(...given) },
      aim: { keyedChance: 0.5 },
    },
    {
      name: 'idempotency-rows-only-at-home',
      parts: { guard: (...given) => new GuardWritingAtHome(...given) },
      aim: repeatsAfterDeaths,
    },
    {
      name: 'idempotency-row-missing-where-only-read',
      parts: { guard: (...given) => new GuardForgettingReads(...given) },
      aim: repeatsAfterDeaths,
    },
    {
      name: 'idempotency-key-without-a-home',
      parts: { guard: (...given) => new GuardWithoutHome(...given) },
      aim: { keyedChance: 0.5, weights: weightsOf({ interactive: 1, blind: 2 }) },
    },
    {
      name: 'idempotency-rows-of-blind-writes-not-asked-for',
      parts: { guard: (...given) => new GuardNotAskingForBlindWrites(...given) },
      aim: { ...repeatsAfterDeaths, blindChance: 0.5 },
    },
    {
      name: 'idempotency-row-told-before-the-commit',
      parts: { participant: (...given) => new ParticipantTellingPendingRows(...given) },
      aim: { ...votes, keyedChance: 0.8 },
    },
    {
      name: 'turns-waited-for-with-locks-in-hand',
      parts: { coordinator: (...given) => new CoordinatorAlwaysPatient(...given) },
      aim: withActors,
    },
    {
      name: 'turns-waited-for-with-every-word-in-hand',
      parts: { isShortOfWords: () => false },
      aim: {
        ...withActors,
        hosts: 2,
        partitions: 2,
        mainProcesses: 2,
        hostProcesses: 3,
        slots: 2,
        thinkDelay: 0,
      },
    },
    {
      name: 'turn-of-a-locked-actor',
      parts: { participant: (...given) => new ParticipantLettingTurnsBegin(...given) },
      aim: withActors,
    },
    {
      name: 'actor-locked-in-its-turn',
      parts: { participant: (...given) => new ParticipantIgnoringTurns(...given) },
      aim: withActors,
    },
    {
      name: 'state-of-an-aborted-transaction-installed',
      parts: { participant: (...given) => new ParticipantInstallingAborted(...given) },
      aim: { ...withActors, ...votes, timeoutChance: 0.3 },
    },
  ] as const satisfies readonly Omit<PlantedFault, 'mode'>[]
).map((fault) => ({ ...fault, mode: 'memory' }));
