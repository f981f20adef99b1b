/** Who has subscribed to which topic, as far as one member knows. Pure. */
import type { StorageKey } from '../key/key.ts';
import type { MemberId, PartitionId } from '../mesh/shared-state.ts';

export type TopicId = number;

/** An actor that gets the messages of a topic as tells. */
export interface ActorSubscriber {
  /** The number of its type. */
  readonly actor: number;
  readonly key: StorageKey;
  /** The position of the method among the sorted names. */
  readonly method: number;
  readonly partition: PartitionId;
  readonly owner: MemberId;
}

class OneTopic {
  /** Members that have callbacks. */
  readonly listening = new Set<MemberId>();
  readonly actors = new Map<string, ActorSubscriber>();
  /** Made when it is asked for, after a change. */
  byOwner: Map<MemberId, ActorSubscriber[]> | undefined;
  reached: readonly MemberId[] | undefined;

  changed(): void {
    this.byOwner = undefined;
    this.reached = undefined;
  }
}

const none: readonly never[] = [];

export class Subscribers {
  readonly #topics = new Map<TopicId, OneTopic>();

  /** Members that a message must reach. */
  membersOf(topic: TopicId): readonly MemberId[] {
    const one = this.#topics.get(topic);
    if (one === undefined) return none;
    one.reached ??= [...new Set([...one.listening, ...this.#byOwner(one).keys()])];
    return one.reached;
  }

  /** The subscribed actors that live at one member. */
  actorsAt(topic: TopicId, owner: MemberId): readonly ActorSubscriber[] {
    const one = this.#topics.get(topic);
    return one === undefined ? none : (this.#byOwner(one).get(owner) ?? none);
  }

  actorCount(topic: TopicId): number {
    return this.#topics.get(topic)?.actors.size ?? 0;
  }

  listen(topic: TopicId, member: MemberId): void {
    const one = this.#of(topic);
    one.listening.add(member);
    one.changed();
  }

  leave(topic: TopicId, member: MemberId): void {
    const one = this.#of(topic);
    one.listening.delete(member);
    one.changed();
  }

  /** The member's thread is gone, and its callbacks with it. Actors are there for their next message. */
  lose(member: MemberId): void {
    for (const topic of this.#topics.keys()) this.leave(topic, member);
  }

  has(topic: TopicId, subscriber: ActorSubscriber): boolean {
    return this.#topics.get(topic)?.actors.has(nameOf(subscriber)) === true;
  }

  enroll(topic: TopicId, subscriber: ActorSubscriber): void {
    const one = this.#of(topic);
    one.actors.set(nameOf(subscriber), subscriber);
    one.changed();
  }

  dismiss(topic: TopicId, subscriber: ActorSubscriber): void {
    const one = this.#of(topic);
    one.actors.delete(nameOf(subscriber));
    one.changed();
  }

  /** Topics that have callbacks at this member. */
  listenedAt(member: MemberId): TopicId[] {
    return [...this.#topics].flatMap(([topic, { listening }]) => (listening.has(member) ? [topic] : []));
  }

  /** All actors, flat: topic, actor, key, method, … */
  allActors(): unknown[] {
    return [...this.#topics].flatMap(([topic, { actors }]) =>
      [...actors.values()].flatMap(({ actor, key, method }) => [topic, actor, key, method]),
    );
  }

  clear(): void {
    this.#topics.clear();
  }

  #of(topic: TopicId): OneTopic {
    let one = this.#topics.get(topic);
    if (one === undefined) {
      one = new OneTopic();
      this.#topics.set(topic, one);
    }
    return one;
  }

  #byOwner(one: OneTopic): Map<MemberId, ActorSubscriber[]> {
    if (one.byOwner === undefined) {
      one.byOwner = new Map();
      for (const subscriber of one.actors.values()) {
        const here = one.byOwner.get(subscriber.owner);
        if (here === undefined) one.byOwner.set(subscriber.owner, [subscriber]);
        else here.push(subscriber);
      }
    }
    return one.byOwner;
  }
}

function nameOf({ actor, key, method }: ActorSubscriber): string {
  return `${actor} ${method} ${typeof key} ${String(key)}`;
}
