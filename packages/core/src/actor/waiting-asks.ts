/**
 * The asks that wait in some mailbox, by caller: so that one whose caller gave up, or is lost, leaves its mailbox and
 * its place there is free again. Asks whose turn comes at once never get here.
 */
import type { Peer } from '../mesh/peer.ts';
import type { Letter } from './letter.ts';

export class WaitingAsks {
  readonly #byPeer = new Map<Peer, Map<number, Letter>>();

  add(letter: Letter): void {
    const letters = this.#byPeer.get(letter.from) ?? new Map<number, Letter>();
    if (letters.size === 0) this.#byPeer.set(letter.from, letters);
    letters.set(letter.requestId, letter);
  }

  /** The letter's turn has come. */
  delete(letter: Letter): void {
    this.#byPeer.get(letter.from)?.delete(letter.requestId);
  }

  /** Takes the letter of this request out of its mailbox. False: it doesn't wait. */
  drop(from: Peer, requestId: number): boolean {
    const letters = this.#byPeer.get(from);
    const letter = letters?.get(requestId);
    if (letters === undefined || letter === undefined) return false;
    letters.delete(requestId);
    letter.mailbox.remove(letter);
    return true;
  }

  /** Takes every letter of a lost caller out of its mailbox. How many there were. */
  dropAll(from: Peer): number {
    const letters = this.#byPeer.get(from);
    if (letters === undefined) return 0;
    this.#byPeer.delete(from);
    for (const letter of letters.values()) letter.mailbox.remove(letter);
    return letters.size;
  }
}
