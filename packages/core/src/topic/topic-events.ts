/**
 * What happens to messages of topics, for those who listen on the diagnostics channel `troupe.topic` of the thread it
 * happens on, unless the subscriber has an `onError` of its own. Costs nothing unheard.
 */
import { channel } from 'node:diagnostics_channel';

/** Published on the channel `troupe.topic`. */
export interface TopicEvent {
  /** `callback-failed`: it threw or rejected. `message-dropped`: more than may wait for it waited already. */
  readonly event: 'callback-failed' | 'message-dropped';
  readonly topic: string;
  readonly error: unknown;
}

const events = channel('troupe.topic');

/** Publishes what `describe` makes, if anybody listens. */
export function publishTopicEvent(describe: () => TopicEvent): void {
  if (events.hasSubscribers) events.publish(describe());
}
