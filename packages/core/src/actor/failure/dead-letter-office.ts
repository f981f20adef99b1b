/**
 * Where messages end that nobody waits for and that come to nothing: they are published on the channel `troupe.actor`,
 * counted and kept. Answers questions about them from any member, and puts those of all members together.
 */
import { copyValue } from '../../codec/value.ts';
import { mustBe } from '../../errors/argument.ts';
import { HostLostError, InvalidArgumentError } from '../../errors/errors.ts';
import type { StorageKey } from '../../key/key.ts';
import { hashKey } from '../../key/key-hash.ts';
import type { Message } from '../../link/outbox.ts';
import type { Member } from '../../mesh/member.ts';
import type { Peer } from '../../mesh/peer.ts';
import type { CallOptions } from '../../mesh/pending-calls.ts';
import { checkCallOptions } from '../../table/call-options.ts';
import type { ActorType, ActorTypes } from '../actor-type.ts';
import type { Activation } from '../life/activation.ts';
import { type Letter, noRequest } from '../mail/letter.ts';
import type { Refusal } from '../mail/refusals.ts';
import { ActorOp } from '../messages.ts';
import { eventOf, publishActorEvent } from './actor-events.ts';
import { type DeadLetter, DeadLetters, type KeptLetter } from './dead-letters.ts';

/** Messages of the whole grid that came to nothing. A host that is being started again has none. */
export interface DeadLetterViews {
  /** All that are kept, oldest first; at most 1,000 or about 4 MiB of one host. Rejects with TIMEOUT. */
  list(options?: CallOptions): Promise<DeadLetter[]>;
  /**
   * Sends the message again, as a tell; resolves with true when it is in the mailbox and no dead letter any more, with
   * false when it is not kept any more. Rejects with MAILBOX_FULL, and with INVALID_ARGUMENT where its arguments were
   * not kept.
   */
  replay(id: string, options?: CallOptions): Promise<boolean>;
  /** Drops it. False: it was not there. */
  discard(id: string, options?: CallOptions): Promise<boolean>;
}

const Question = { list: 0, replay: 1, discard: 2 } as const;

export interface DeadLetterGround {
  readonly member: Member;
  readonly types: ActorTypes;
  /** Takes in a message of this member. Answers why it can't. */
  take(message: Message): Refusal | undefined;
}

export class DeadLetterOffice {
  /** What users get. */
  readonly views: DeadLetterViews = {
    list: async (options) => (await this.#askAll(options)).sort((a, b) => a.atMs - b.atMs),
    replay: (id, options) => this.#askOne(Question.replay, id, options),
    discard: (id, options) => this.#askOne(Question.discard, id, options),
  };
  readonly #ground: DeadLetterGround;
  readonly #letters: DeadLetters;
  #refused = 0;

  constructor(ground: DeadLetterGround) {
    this.#ground = ground;
    this.#letters = new DeadLetters(() => ground.member.shared.draw(), ground.member.clock);
  }

  /** Messages that were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** A tell whose turn has failed. */
  failed({ type, key }: Activation, letter: Letter, error: unknown): void {
    publishActorEvent(() => eventOf('tell-failed', type, key, letter.method, error));
    const attempts = Math.max(1, letter.delivery?.attempts ?? 1);
    this.#letters.add('failed', type, key, letter.method, sentArguments(letter), attempts, () => error);
  }

  /** A tell that waited in a mailbox, of an actor that is no more. */
  stopped({ type, key }: Activation, letter: Letter, error: unknown): void {
    publishActorEvent(() => eventOf('tell-failed', type, key, letter.method, error));
    const attempts = letter.delivery?.attempts ?? 0;
    const reason = attempts > 0 ? 'failed' : 'stopped';
    this.#letters.add(reason, type, key, letter.method, sentArguments(letter), attempts, () => error);
  }

  /** A tell that was not taken in; `isTold`: its sender knows. */
  refusedTell(message: Message, refusal: Refusal, isTold: boolean): void {
    const type = this.#ground.types.mustGet(message[4] as number);
    const key = message[5] as StorageKey;
    const method = message[6] as number;
    this.refusedHere(type, key, method, refusal);
    if (!isTold) this.#letters.add('refused', type, key, method, message[7] as unknown[], 0, refusal);
  }

  /** A tell that was not taken in, as its sender knows. */
  refusedHere(type: ActorType, key: StorageKey, method: number, refusal: Refusal): void {
    this.#refused++;
    publishActorEvent(() => eventOf('tell-refused', type, key, method, refusal()));
  }

  // ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────

  receive(message: Message, from: Peer): void {
    const { member } = this.#ground;
    const requestId = message[1] as number;
    try {
      member.replyOwned(from, requestId, this.#answer(message[2] as number, message[3] as number));
    } catch (error) {
      member.fail(from, requestId, error);
    }
  }

  #answer(question: number, number: number): unknown {
    if (question === Question.list)
      return copyValue(this.#letters.list(this.#ground.member.self.id), 'dead letters');
    if (question === Question.discard) return this.#letters.discard(number);
    const letter = this.#letters.find(number);
    if (letter === undefined) return false;
    if (letter.args === undefined) throw notReplayable(letter.type);
    const refusal = this.#ground.take(this.#tellOf(letter));
    if (refusal !== undefined) throw refusal();
    return this.#letters.discard(number);
  }

  #tellOf({ type, key, method, args }: KeptLetter): Message {
    const copies = copyValue(args, 'arguments of a dead letter');
    const { shared } = this.#ground.member;
    const partition = hashKey(key) % shared.partitionCount;
    return [
      ActorOp.tell,
      noRequest,
      partition,
      shared.incarnationOf(partition),
      type.id,
      key,
      method,
      copies,
    ];
  }

  async #askAll(options: CallOptions | undefined): Promise<DeadLetter[]> {
    checkCallOptions(options ?? {});
    const { member } = this.#ground;
    const asked: Promise<unknown>[] = [];
    for (let id = 0; id < member.shared.memberCount; id++)
      asked.push(this.#ask(id, Question.list, 0, options));
    return (await Promise.all(asked)).flatMap((rows) => (rows ?? []) as DeadLetter[]);
  }

  async #askOne(question: number, id: string, options: CallOptions | undefined): Promise<boolean> {
    const [, at, number] = /^(\d+):(\d+)$/.exec(id) ?? [];
    mustBe(at !== undefined, 'id', 'the id of a dead letter', id);
    checkCallOptions(options ?? {});
    return (await this.#ask(Number(at), question, Number(number), options)) === true;
  }

  /** Undefined when the member is not there, or dies before it answers. */
  async #ask(
    id: number,
    question: number,
    number: number,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const { member } = this.#ground;
    const peer = member.tryPeer(id);
    if (peer === undefined) return undefined;
    try {
      return await member.requestProtocol(peer, [ActorOp.deadLetters, 0, question, number], options);
    } catch (error) {
      if (error instanceof HostLostError) return undefined;
      throw error;
    }
  }
}

function sentArguments(letter: Letter): readonly unknown[] {
  return letter.delivery?.args ?? letter.args;
}

function notReplayable({ definition: { name } }: ActorType): InvalidArgumentError {
  return new InvalidArgumentError(
    `the arguments of this dead letter of actor '${name}' were not kept, so it can't be replayed`,
    { details: { argument: 'id', actor: name } },
  );
}
