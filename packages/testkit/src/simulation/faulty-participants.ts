/** Participants with one fault each; see `planted-faults.ts`. */
import type { StorageKey, Timestamp } from '@troupe/core';
import {
  LockMode,
  type Origin,
  Participant,
  type ParticipantLog,
  ReplyOp,
  type TransactionId,
  type TransactionRecord,
  Vote,
} from '@troupe/transactions';

type Message = readonly unknown[];

function recordOf(participant: Participant, message: Message): TransactionRecord | undefined {
  for (const record of participant.records()) if (record.id === (message[1] as TransactionId)) return record;
  return undefined;
}

/** Installs at the timestamp of its own vote instead of at that of the commit. */
export class ParticipantInstallingAtOwnVote extends Participant {
  override decide(message: Message): void {
    const vote = message[4] === 0 ? undefined : recordOf(this, message)?.vote;
    super.decide(vote === undefined ? message : message.with(4, vote.timestamp));
  }
}

/** Answers snapshots without a look at who may have committed before them. */
export class ParticipantIgnoringVotes extends Participant {
  override isSettled(): boolean {
    return true;
  }
}

/** Takes a word that was lent to the next transaction for one that isn't decided. */
export class ParticipantTrustingLentWords extends Participant {
  override isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    const others = [...this.records()].filter(
      ({ vote, origin, slot, id }) => vote !== undefined || origin.words.fate(slot, id) !== 'unknown',
    );
    return others.length === 0 || super.isSettled(table, key, snapshot);
  }
}

/** Lets writers of keys in beside a reader of the whole table. */
export class ParticipantIgnoringTableReads extends Participant {
  override lockTable(message: Message, origin: Origin): void {
    super.lockTable(message[9] === LockMode.S ? message.with(9, LockMode.IS) : message, origin);
  }
}

/** Holds on to requests that still wait for a lock when their transaction is dropped. */
export class ParticipantKeepingWaiters extends Participant {
  override decide(message: Message): void {
    if (message[4] === 0 && recordOf(this, message)?.answered === false) return;
    super.decide(message);
  }
}

/** Gives locks back to older owners though it has told what it read under them. */
export class ParticipantForgettingAnswers extends Participant {
  override lock(message: Message, origin: Origin): void {
    super.lock(message, origin);
    const record = recordOf(this, message);
    if (record !== undefined) record.answered = false;
  }
}

/** Answers snapshots without a look at what the log is about to have. */
export class ParticipantIgnoringFlushes extends Participant {
  override isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    const inFlush = [...this.records()].filter(
      ({ vote, origin, slot, id }) => vote !== undefined && origin.words.fate(slot, id) === 'committing',
    );
    const votes = inFlush.map(({ vote }) => vote);
    for (const record of inFlush) record.vote = new Vote(Infinity, [], []);
    const isSettled = super.isSettled(table, key, snapshot);
    for (const [index, record] of inFlush.entries()) record.vote = votes[index];
    return isSettled;
  }
}

/** Answers snapshots without a look at the plain writes that the log is about to have. */
export class ParticipantIgnoringPlainWrites extends Participant {
  override isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    const blocks = this.writes?.blocks.bind(this.writes);
    if (this.writes !== undefined) this.writes.blocks = () => false;
    const isSettled = super.isSettled(table, key, snapshot);
    if (this.writes !== undefined && blocks !== undefined) this.writes.blocks = blocks;
    return isSettled;
  }
}

/** Installs what it commits alone, and gives its locks back, before the log has flushed it; tells the commit in time. */
export class ParticipantShowingTooEarly extends Participant {
  readonly #holding = new Map<Origin, Origin>();
  readonly #held: Map<TransactionId, () => void>;

  constructor(...[partition, ports, strategy]: ConstructorParameters<typeof Participant>) {
    const held = new Map<TransactionId, () => void>();
    const { log } = ports;
    const early: ParticipantLog | undefined = log && {
      resolve: (...given) => log.resolve(...given),
      commitHere: (transaction, vote, touched, decided) => {
        const { id, slot, origin } = transaction;
        held.set(id, () => undefined);
        log.commitHere(transaction, vote, touched, () => held.get(id)?.());
        origin.words.commit(slot, id, vote.timestamp);
        decided('committed');
      },
      keep: (...given) => log.keep(...given),
      isCongested: false,
    };
    super(partition, early === undefined ? ports : { ...ports, log: early }, strategy);
    this.#held = held;
  }

  override lock(message: Message, origin: Origin): void {
    super.lock(message, this.#origin(origin));
  }

  override lockTable(message: Message, origin: Origin): void {
    super.lockTable(message, this.#origin(origin));
  }

  override prepare(message: Message, origin: Origin): void {
    super.prepare(message, this.#origin(origin));
  }

  override commitOne(message: Message, origin: Origin): void {
    super.commitOne(message, this.#origin(origin));
  }

  override originLost(origin: Origin): void {
    super.originLost(this.#origin(origin));
  }

  /** Keeps the news of a commit until the log has it. */
  #origin(origin: Origin): Origin {
    const known = this.#holding.get(origin);
    if (known !== undefined) return known;
    const holding: Origin = {
      words: origin.words,
      send: (message) => {
        if (message[0] === ReplyOp.done)
          this.#held.set(message[1] as TransactionId, () => origin.send(message));
        else origin.send(message);
      },
    };
    this.#holding.set(origin, holding);
    return holding;
  }
}

/** Installs writes that have come before their word says COMMITTED. */
export class ParticipantTrustingAnnouncements extends Participant {
  override commit(message: Message): void {
    const record = recordOf(this, message);
    if (record === undefined) return;
    const [, , , , timestamp, writes, cleared] = message as [0, 0, 0, 0, Timestamp, Message, number[]];
    record.vote = new Vote(timestamp, writes, cleared);
    this.decide(message);
  }
}

/** When a coordinator has died, drops the writes it had announced though they were committed, and their word lent again. */
export class ParticipantDroppingAnnouncements extends Participant {
  override originLost(origin: Origin): void {
    for (const record of this.records()) record.announced = false;
    super.originLost(origin);
  }
}
