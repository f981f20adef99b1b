/** The caller's end of topics: what `grid.topic(…)` hands out. */
import { ActorAddress } from '../actor/call/actor-address.ts';
import { unobserved } from '../actor/call/tell.ts';
import { eventLoopPorts } from '../actor/turn/event-loop-ports.ts';
import type { TurnPorts } from '../actor/turn/turn-queue.ts';
import type { TopicDefinition } from '../definition/topic-definition.ts';
import { checkOptions, mustBeAbortSignal, mustBeFunction, mustBeInteger } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { topicQueueLengthMax } from '../limits.ts';
import { boundedWait } from '../mesh/bounded-wait.ts';
import type { JoinedTransactions } from '../mesh/joined-calls.ts';
import { onAbort } from '../mesh/on-abort.ts';
import { CallbackQueue } from './callback-queue.ts';
import { copyToPublish, type MemberTopics } from './member-topics.ts';
import type { TopicId } from './subscribers.ts';
import type { SubscribeOptions, Subscription, Topic } from './topic.ts';
import { publishTopicEvent } from './topic-events.ts';

export class TopicClient {
  readonly #topics: MemberTopics;
  readonly #joins: Pick<JoinedTransactions, 'current'> | undefined;
  readonly #ports: TurnPorts;

  /** `joins`: what calls made right now are part of; without it nothing is. */
  constructor(topics: MemberTopics, joins?: Pick<JoinedTransactions, 'current'>) {
    this.#topics = topics;
    this.#ports = eventLoopPorts(topics.clock);
    this.#joins = joins;
  }

  topic<M>(definition: TopicDefinition<M>): Topic<M> {
    const topic = this.#topics.idOf(definition);
    const made: Topic<unknown> = {
      publish: (message) => this.#publish(topic, definition.name, message),
      subscribe: (callback, options) => this.#subscribe(topic, definition.name, callback, options ?? {}),
      subscribeActor: (reference, method) => this.#enroll(topic, reference, method, 1),
      unsubscribeActor: (reference, method) => this.#enroll(topic, reference, method, 0),
    };
    return made as Topic<never> as Topic<M>;
  }

  #publish(topic: TopicId, name: string, message: unknown): Promise<void> {
    try {
      this.#mustBeOutside('publish');
      const [copy, bytes] = copyToPublish(message, name);
      // As with tells: a refusal is nobody's mistake, and no unhandled rejection.
      return unobserved(this.#topics.publish(topic, copy, bytes));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async #subscribe(
    topic: TopicId,
    name: string,
    callback: (message: unknown) => unknown,
    options: SubscribeOptions,
  ): Promise<Subscription> {
    mustBeFunction(callback, 'callback');
    checkSubscribeOptions(options);
    const { signal } = options;
    signal?.throwIfAborted();
    const queue = new CallbackQueue({
      callback,
      lengthMax: options.queueLengthMax ?? topicQueueLengthMax,
      topic: name,
      soon: (run) => this.#ports.later(() => this.#ports.detached(run)),
      report: reportTo(options.onError, name),
    });
    let unlisten: (() => void) | undefined;
    const end = (): void => {
      unlisten?.();
      this.#topics.remove(topic, queue);
    };
    if (signal !== undefined) unlisten = onAbort(signal, end);
    try {
      const bounds = { timeoutMs: Number.POSITIVE_INFINITY, signal };
      await boundedWait(
        this.#topics.clock,
        this.#topics.add(topic, queue),
        bounds,
        'there is no subscription',
      );
    } catch (error) {
      end();
      throw error;
    }
    const unsubscribe = (): Promise<void> => {
      end();
      return Promise.resolve();
    };
    return {
      get dropped() {
        return queue.dropped;
      },
      unsubscribe,
      [Symbol.asyncDispose]: unsubscribe,
    };
  }

  async #enroll(topic: TopicId, reference: unknown, method: string, isOn: 0 | 1): Promise<void> {
    this.#mustBeOutside('subscribe an actor');
    const target = ActorAddress.targetOf(reference);
    if (target === undefined) {
      throw new InvalidArgumentError('expected a reference, as `grid.actor(cart, key)` gives', {
        details: { argument: 'reference' },
      });
    }
    const { type, key } = target;
    await this.#topics.enroll(topic, type.id, key, type.mustFindMethod(method), isOn);
  }

  #mustBeOutside(what: string): void {
    if (this.#joins?.current() === undefined) return;
    throw new InvalidArgumentError(
      `a transaction can't ${what}, for that could not be undone with it; do it after the commit, or in an actor that the transaction tells`,
      { details: { argument: 'this' } },
    );
  }
}

function checkSubscribeOptions(options: SubscribeOptions): void {
  checkOptions(options, 'options', ['signal', 'queueLengthMax', 'onError']);
  const { signal, queueLengthMax, onError } = options;
  if (signal !== undefined) mustBeAbortSignal(signal, 'signal');
  if (queueLengthMax !== undefined)
    mustBeInteger(queueLengthMax, 'queueLengthMax', 1, Number.MAX_SAFE_INTEGER);
  if (onError !== undefined) mustBeFunction(onError, 'onError');
}

/** An `onError` that throws stops nothing either. */
function tell(onError: (error: unknown) => void, error: unknown, topic: string): void {
  try {
    onError(error);
  } catch (thrown) {
    publishTopicEvent(() => ({ event: 'callback-failed', topic, error: thrown }));
  }
}

type Report = (event: 'callback-failed' | 'message-dropped', error: unknown) => void;

function reportTo(onError: SubscribeOptions['onError'], topic: string): Report {
  return (event, error) => {
    if (onError === undefined) publishTopicEvent(() => ({ event, topic, error }));
    else tell(onError, error, topic);
  };
}
