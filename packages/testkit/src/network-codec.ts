/**
 * How simulated messages travel: encoded at the sender, decoded at the receiver, so that a test notices
 * an object shared between two members and a field that the real codec loses.
 */

/** Turns messages into what travels and back. */
export interface NetworkCodec<Message, Wire = unknown> {
  encode(message: Message): Wire;
  decode(wire: Wire): Message;
}

/** A codec by the structured clone algorithm, for messages that have no codec of their own. */
export function structuredCloneCodec<Message>(): NetworkCodec<Message, Message> {
  return { encode: (message) => structuredClone(message), decode: (message) => message };
}
