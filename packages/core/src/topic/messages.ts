/**
 * Family `topic`. Every member knows which members have subscribers of a topic, and which actors are subscribed; so a
 * message goes straight to those, once to each. `topic` is the number of the definition.
 *
 * - `publish` [op, 0, topic, message]: publisher → each member with subscribers, no answer. In the bulk lane, so messages
 *   of one publisher arrive in the order in which they were published.
 * - `introduce` [op, 0, topics, actors]: each end of a new link → the other, first of all: the topics that have callbacks
 *   at the sender, and, from the service's member, all actors that are subscribed (flat: topic, actor, key, method, …).
 *   Before a member has been introduced by everybody it is connected with, it publishes nothing.
 * - `listen` [op, requestId, topic]: the topic has callbacks at the sender from now on → everybody connected. Answered
 *   when the receiver knows: whatever it publishes after that goes to the sender, too.
 * - `leave` [op, 0, topic]: it has none any more. What is still under way is dropped.
 * - `enroll` [op, requestId, topic, actor, key, method, isOn]: any member → the service's, which keeps the list of actors
 *   as it outlives all others. Answered when every member knows.
 * - `enrolled` [op, requestId, topic, actor, key, method, isOn]: the service's member → everybody connected. Answered when
 *   the receiver knows. On one link it comes in the order of the changes, after `introduce`.
 */
export const TopicOp = {
  publish: 192,
  introduce: 193,
  listen: 194,
  leave: 195,
  enroll: 196,
  enrolled: 197,
} as const;
