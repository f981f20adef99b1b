/** A message in the mailbox of one actor: which method, with what, and who waits for the answer. */
import type { Peer } from '../mesh/peer.ts';
import type { Mailbox, MailboxItem } from './mailbox.ts';

/** The request id of a tell. */
export const noRequest = 0;

export interface Letter extends MailboxItem<Letter> {
  readonly from: Peer;
  /** `noRequest` when nobody waits. */
  readonly requestId: number;
  readonly method: number;
  /** The actor's alone. */
  readonly args: readonly unknown[];
  /** Where it waits, until its turn. */
  readonly mailbox: Mailbox<Letter>;
  /** `sent`: just arrived. `waiting`: its caller may still give up. `taken`: its turn has come. */
  place: 'sent' | 'waiting' | 'taken';
}
