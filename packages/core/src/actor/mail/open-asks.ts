/**
 * The asks that wait in some mailbox, or whose turns are under way, by caller: so that one whose caller gave up, or is
 * lost, leaves its mailbox, or its method hears of it. Asks whose turn comes and ends at once never get here.
 */
import type { Peer } from '../../mesh/peer.ts';
import type { Letter } from './letter.ts';

export class OpenAsks {
  readonly #byPeer = new Map<Peer, Map<number, Letter>>();

  add(letter: Letter): void {
    let letters = this.#byPeer.get(letter.from);
    if (letters === undefined) {
      letters = new Map<number, Letter>();
      this.#byPeer.set(letter.from, letters);
    }
    letters.set(letter.requestId, letter);
    letter.listed = true;
  }

  *all(): Iterable<Letter> {
    for (const letters of this.#byPeer.values()) yield* letters.values();
  }

  get(from: Peer, requestId: number): Letter | undefined {
    return this.#byPeer.get(from)?.get(requestId);
  }

  /** The letter's turn has ended. */
  delete(letter: Letter): void {
    letter.listed = false;
    this.#byPeer.get(letter.from)?.delete(letter.requestId);
  }

  /** Nobody waits for this ask any more. True: it has left its mailbox. */
  abandon(from: Peer, requestId: number): boolean {
    const letter = this.get(from, requestId);
    return letter !== undefined && this.#abandon(letter, 'gave up');
  }

  /** The caller is lost. How many of its asks have left their mailboxes. */
  abandonAll(from: Peer): number {
    const letters = this.#byPeer.get(from);
    this.#byPeer.delete(from);
    let left = 0;
    for (const letter of letters?.values() ?? []) if (this.#abandon(letter, 'is gone')) left++;
    return left;
  }

  #abandon(letter: Letter, why: string): boolean {
    if (letter.place === 'running' || letter.turn?.stream?.begun === true) {
      letter.abandon(new DOMException(`the caller of this turn ${why}`, 'AbortError'));
      return false;
    }
    this.delete(letter);
    letter.home.giveUp(letter);
    return true;
  }
}
