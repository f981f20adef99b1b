/** The definition of a topic: messages that are published to whoever has subscribed. */
import { type Definition, define } from './definition.ts';

/** Any topic, whatever its messages. */
export type AnyTopic = Definition<'topic'>;

declare const messageType: unique symbol;

/** A topic with messages of type `M`. Made by `topic()`. */
export interface TopicDefinition<M> extends AnyTopic {
  /** Only for the compiler. */
  readonly [messageType]?: (message: M) => M;
}

/**
 * Defines a topic.
 *
 * @example
 * export const prices = topic<{ sku: string; price: number }>('prices');
 */
export function topic<M>(name: string): TopicDefinition<M> {
  return define('topic', name, {});
}
