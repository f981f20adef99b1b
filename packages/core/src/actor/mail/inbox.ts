/** What waits for turns of one actor: its mailbox, and where the definition says so, a line before it while it is full. */
import { mailboxOverflowMax } from '../../limits.ts';
import type { ActorType } from '../actor-type.ts';
import type { Letter } from './letter.ts';
import { Mailbox } from './mailbox.ts';

export class Inbox {
  readonly #type: ActorType;
  /** Told of a letter that waited in the line and is in the mailbox now. */
  readonly #admitted: (letter: Letter) => void;
  readonly #mailbox: Mailbox<Letter>;
  #line: Mailbox<Letter> | undefined;

  constructor(type: ActorType, admitted: (letter: Letter) => void) {
    this.#type = type;
    this.#admitted = admitted;
    this.#mailbox = new Mailbox(type.mailboxLengthMax);
  }

  /** Messages in the mailbox. */
  get length(): number {
    return this.#mailbox.length;
  }

  /** The one whose turn is next. */
  get first(): Letter | undefined {
    return this.#mailbox.first;
  }

  /** Adds at the end, of the line if there is one. False: there is no room. */
  add(letter: Letter): boolean {
    if (this.#line === undefined && this.#mailbox.push(letter)) return true;
    if (!this.#type.overflowWaits) return false;
    this.#line ??= new Mailbox(mailboxOverflowMax);
    letter.inLine = this.#line.push(letter);
    return letter.inLine;
  }

  /** Goes to the end, and needs no room: it belongs to a letter that had some. */
  addStep(letter: Letter): void {
    this.#mailbox.pushBeyond(letter);
  }

  /** Goes before all others, and needs no room. */
  addUrgent(letter: Letter): void {
    this.#mailbox.pushUrgent(letter);
  }

  /** Puts a letter whose turn has failed before all others of its lane, to be delivered again. */
  putBack(letter: Letter): void {
    letter.place = 'waiting';
    letter.turn = undefined;
    this.#mailbox.putBack(letter);
  }

  /** Takes a letter out, and lets those in that wait for its place. */
  remove(letter: Letter): void {
    if (letter.inLine) {
      this.#leaveLine(letter);
      return;
    }
    this.#mailbox.remove(letter);
    while (this.#line?.first !== undefined && this.#mailbox.length < this.#type.mailboxLengthMax) {
      const next = this.#line.first;
      this.#leaveLine(next);
      this.#mailbox.push(next);
      this.#admitted(next);
    }
  }

  #leaveLine(letter: Letter): void {
    this.#line?.remove(letter);
    letter.inLine = false;
    if (this.#line?.length === 0) this.#line = undefined;
  }
}
