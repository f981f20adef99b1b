/**
 * The asks that wait in some mailbox, or whose turns are under way, by caller: so that one whose caller gave up, or is
 * lost, leaves its mailbox, or its method hears of it. Asks whose turn comes and ends at once never get here.
 */
import type { Peer } from '../../mesh/peer.ts';
import { RequestBook } from '../../mesh/request-book.ts';
import type { Letter } from './letter.ts';

export class OpenAsks {
  readonly #asks = new RequestBook<Letter>();

  add(letter: Letter): void {
    this.#asks.add(letter);
    letter.listed = true;
  }

  /** In no order. */
  all(): Letter[] {
    return this.#asks.all();
  }

  get(from: Peer, requestId: number): Letter | undefined {
    return this.#asks.get(from, requestId);
  }

  /** The letter's turn has ended. */
  delete(letter: Letter): void {
    letter.listed = false;
    this.#asks.delete(letter);
  }

  /** Nobody waits for this ask any more. True: it has left its mailbox. */
  abandon(from: Peer, requestId: number): boolean {
    const letter = this.get(from, requestId);
    return letter !== undefined && this.#abandon(letter, 'gave up');
  }

  /** The caller is lost. How many of its asks have left their mailboxes. */
  abandonAll(from: Peer): number {
    let left = 0;
    for (const letter of this.#asks.takeAll(from)) if (this.#abandon(letter, 'is gone')) left++;
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
