/**
 * The topics of one member: its own callbacks, what it knows of everybody's subscribers, and the messages it publishes.
 * See `messages.ts` for the protocol. A grid without topics sends none of it.
 */

import type { LocalActors } from '../actor/call/local-actors.ts';
import { ActorOp } from '../actor/messages.ts';
import type { Clock } from '../clock.ts';
import { copiedBytes, copyValue } from '../codec/value.ts';
import type { Definitions } from '../definition/definitions.ts';
import type { AnyTopic } from '../definition/topic-definition.ts';
import { GridClosedError, HostLostError, InvariantError, OverloadedError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';
import { topicActorsMax, topicPublishesWaitingMax } from '../limits.ts';
import type { Message } from '../link/outbox.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { MemberId } from '../mesh/shared-state.ts';
import type { Placement } from '../partition/placement.ts';
import type { CallbackQueue } from './callback-queue.ts';
import { Introductions } from './introductions.ts';
import { TopicOp } from './messages.ts';
import { type ActorSubscriber, Subscribers, type TopicId } from './subscribers.ts';
import { publishTopicEvent } from './topic-events.ts';

export interface MemberTopicsParts {
  readonly member: Member;
  readonly definitions: Definitions;
  readonly placement: Placement;
  /** The actors of this member's own partitions. */
  readonly local: Pick<LocalActors, 'tellHere'>;
  /** The member that has the storage, which knows no topics. */
  readonly storage?: MemberId | undefined;
}

/** The service's member, which outlives all others. */
const registrar: MemberId = 0;
/** What a message takes besides its value. */
const fixedBytes = 16;

export class MemberTopics implements MessageFamily {
  readonly #parts: MemberTopicsParts;
  readonly #member: Member;
  readonly #known = new Subscribers();
  readonly #callbacks = new Map<TopicId, Set<CallbackQueue<unknown>>>();
  /** Topics that have callbacks here, and when everybody knows. */
  readonly #told = new Map<TopicId, Promise<void>>();
  readonly #introductions = new Introductions(topicPublishesWaitingMax);

  constructor(parts: MemberTopicsParts) {
    this.#parts = parts;
    this.#member = parts.member;
  }

  /** That of the member. */
  get clock(): Clock {
    return this.#member.clock;
  }

  /** Callbacks that are subscribed here. */
  get callbacks(): number {
    let count = 0;
    for (const queues of this.#callbacks.values()) count += queues.size;
    return count;
  }

  /** Throws DEFINITION_MISSING when the topic isn't part of the grid. */
  idOf(definition: AnyTopic): TopicId {
    return this.#parts.definitions.idOf(definition, 'topic');
  }

  /** `message` is a copy of about `bytes`. */
  publish(topic: TopicId, message: unknown, bytes: number): Promise<void> {
    if (this.#member.closed) return Promise.reject(new GridClosedError('the grid is closed'));
    if (this.#introductions.complete) return this.#send(topic, message, bytes);
    return this.#introductions.wait(() => this.#send(topic, message, bytes));
  }

  /** Resolves when everybody who lives knows of it. */
  async add(topic: TopicId, queue: CallbackQueue<unknown>): Promise<void> {
    if (this.#member.closed) throw new GridClosedError('the grid is closed');
    const queues = this.#callbacks.get(topic) ?? new Set();
    this.#callbacks.set(topic, queues.add(queue));
    let told = this.#told.get(topic);
    if (told === undefined) {
      this.#known.listen(topic, this.#member.self.id);
      told = this.#tellAll([TopicOp.listen, 0, topic]);
      this.#told.set(topic, told);
    }
    try {
      await told;
    } catch (error) {
      this.remove(topic, queue);
      throw error;
    }
  }

  remove(topic: TopicId, queue: CallbackQueue<unknown>): void {
    queue.end();
    const queues = this.#callbacks.get(topic);
    if (queues?.delete(queue) !== true || queues.size > 0) return;
    this.#callbacks.delete(topic);
    this.#told.delete(topic);
    this.#known.leave(topic, this.#member.self.id);
    for (const peer of this.#peers()) this.#member.sendProtocol(peer, [TopicOp.leave, 0, topic]);
  }

  /** Resolves when everybody who lives knows of it. `isOn`: 1 subscribes the actor, 0 takes that back. */
  async enroll(topic: TopicId, actor: number, key: StorageKey, method: number, isOn: 0 | 1): Promise<void> {
    await this.#member.request(registrar, [TopicOp.enroll, 0, topic, actor, key, method, isOn], fixedBytes);
  }

  // ── the family ────────────────────────────────────────────────────────────────────────────────────────────────

  connected(peer: Peer): void {
    if (!this.#hasTopics || peer.id === this.#parts.storage) return;
    this.#introductions.expect(peer);
    const { id } = this.#member.self;
    const actors = id === registrar ? this.#known.allActors() : [];
    this.#member.sendProtocol(peer, [TopicOp.introduce, 0, this.#known.listenedAt(id), actors]);
  }

  peerLost(peer: Peer): void {
    this.#known.lose(peer.id);
    this.#introductions.done(peer);
  }

  closed(): void {
    for (const queues of this.#callbacks.values()) for (const queue of queues) queue.end();
    this.#callbacks.clear();
    this.#known.clear();
    this.#introductions.close(new GridClosedError('the grid was closed before this message was published'));
  }

  receive(message: Message, from: Peer): void {
    const topic = message[2] as TopicId;
    switch (message[0]) {
      case TopicOp.publish:
        this.#arrived(topic, message[3]);
        break;
      case TopicOp.introduce:
        this.#introduced(message, from);
        break;
      case TopicOp.listen:
        this.#known.listen(topic, from.id);
        this.#member.replyOwned(from, message[1] as number, undefined);
        break;
      case TopicOp.leave:
        this.#known.leave(topic, from.id);
        break;
      case TopicOp.enroll:
        void this.#register(message, from);
        break;
      case TopicOp.enrolled:
        this.#change(message);
        this.#member.replyOwned(from, message[1] as number, undefined);
        break;
      default:
        throw new InvariantError(`an unknown topic message arrived: ${String(message[0])}`);
    }
  }

  // ── subscribers ───────────────────────────────────────────────────────────────────────────────────────────────

  #introduced(message: Message, from: Peer): void {
    for (const topic of message[2] as TopicId[]) this.#known.listen(topic, from.id);
    const actors = message[3] as unknown[];
    for (let at = 0; at < actors.length; at += 4) {
      const [topic, actor, key, method] = actors.slice(at, at + 4) as [number, number, StorageKey, number];
      this.#known.enroll(topic, this.#subscriber(actor, key, method));
    }
    this.#introductions.done(from);
  }

  /** At the service's member: changes the list, here and at everybody, and answers when all know. */
  async #register(message: Message, from: Peer): Promise<void> {
    const [, requestId, topic, actor, key, method, isOn] = message as [
      number,
      number,
      TopicId,
      number,
      StorageKey,
      number,
      0 | 1,
    ];
    try {
      const isNew = !this.#known.has(topic, this.#subscriber(actor, key, method));
      if (isOn === 1 && isNew && this.#known.actorCount(topic) >= topicActorsMax) throw tooManyActors(topic);
      this.#change(message);
      await this.#tellAll([TopicOp.enrolled, 0, topic, actor, key, method, isOn]);
      this.#member.replyOwned(from, requestId, undefined);
    } catch (error) {
      this.#member.fail(from, requestId, error);
    }
  }

  #change(message: Message): void {
    const [topic, actor, key, method, isOn] = message.slice(2) as [
      TopicId,
      number,
      StorageKey,
      number,
      0 | 1,
    ];
    const subscriber = this.#subscriber(actor, key, method);
    if (isOn === 1) this.#known.enroll(topic, subscriber);
    else this.#known.dismiss(topic, subscriber);
  }

  #subscriber(actor: number, key: StorageKey, method: number): ActorSubscriber {
    const { placement } = this.#parts;
    const partition = placement.partitionOfAffinity(key);
    return { actor, key, method, partition, owner: placement.ownerOf(partition) };
  }

  /** Asks everybody connected, and resolves when all that still live have answered. */
  async #tellAll(message: Message): Promise<void> {
    await Promise.all(
      this.#peers().map((peer) =>
        this.#member.requestProtocol(peer, [...message]).catch((error: unknown) => {
          // Its successor is introduced.
          if (!(error instanceof HostLostError)) throw error;
        }),
      ),
    );
  }

  #peers(): Peer[] {
    const { shared, self } = this.#member;
    const peers: Peer[] = [];
    for (let id = 0; id < shared.memberCount; id++) {
      const peer = this.#member.tryPeer(id);
      if (peer !== undefined && id !== self.id && id !== this.#parts.storage) peers.push(peer);
    }
    return peers;
  }

  get #hasTopics(): boolean {
    return this.#parts.definitions.all('topic').length > 0;
  }

  // ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────

  async #send(topic: TopicId, message: unknown, bytes: number): Promise<void> {
    const { self } = this.#member;
    const members = this.#known.membersOf(topic);
    const slow: Promise<void>[] = [];
    let refusal: { readonly error: unknown } | undefined;
    for (const id of members) {
      const peer = this.#member.tryPeer(id);
      if (peer === undefined || id === self.id) continue;
      try {
        this.#member.send(peer, [TopicOp.publish, 0, topic, message], bytes + fixedBytes);
        if (peer.link !== undefined) slow.push(peer.link.ready());
      } catch (error) {
        refusal ??= { error };
      }
    }
    // The links still have to pack theirs.
    if (members.includes(self.id)) this.#deliver(topic, slow.length === 0 ? message : copyOf(message));
    if (refusal !== undefined) throw refusal.error;
    await Promise.all(slow);
  }

  /** A message that comes to a new thread may be before the list of the actors it is for. */
  #arrived(topic: TopicId, message: unknown): void {
    if (this.#introductions.complete) {
      this.#deliver(topic, message);
      return;
    }
    const deliver = (): Promise<void> => Promise.resolve(this.#deliver(topic, message));
    this.#introductions.wait(deliver).catch((error: unknown) => {
      const name = this.#parts.definitions.mustGet('topic', topic).name;
      publishTopicEvent(() => ({ event: 'message-dropped', topic: name, error }));
    });
  }

  /** Gives the message, which is nobody else's, to all subscribers here, each his own. */
  #deliver(topic: TopicId, message: unknown): void {
    const { shared, self } = this.#member;
    const queues = this.#callbacks.get(topic);
    const actors = this.#known.actorsAt(topic, self.id);
    let left = (queues?.size ?? 0) + actors.length;
    const next = (): unknown => (--left === 0 ? message : copyOf(message));
    for (const queue of queues ?? []) queue.push(next());
    for (const { actor, key, method, partition } of actors) {
      const incarnation = shared.incarnationOf(partition);
      const tell = [ActorOp.tell, 0, partition, incarnation, actor, key, method, [next()]];
      // What becomes of a tell is published by the actor's service.
      void this.#parts.local.tellHere(tell);
    }
  }
}

/** A copy of what was one of a value. */
function copyOf(message: unknown): unknown {
  return copyValue(message, 'message');
}

/** The copy that is published, and about how large it is. */
export function copyToPublish(message: unknown, topic: string): readonly [copy: unknown, bytes: number] {
  return [copyValue(message, `the message of topic '${topic}'`), copiedBytes()];
}

function tooManyActors(topic: TopicId): OverloadedError {
  return new OverloadedError('QUEUE_FULL', `${topicActorsMax} actors have subscribed to this topic already`, {
    details: { topic, topicActorsMax },
  });
}
