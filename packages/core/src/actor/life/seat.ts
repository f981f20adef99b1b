/**
 * Where an active actor is found by references of its own thread. They keep it as long as they live; it keeps nothing of
 * an actor that is over.
 */
import type { Activation } from './activation.ts';

export class Seat {
  /** Of the actor's partition. */
  readonly incarnation: number;
  #occupant: Activation | undefined;

  constructor(incarnation: number, occupant: Activation) {
    this.incarnation = incarnation;
    this.#occupant = occupant;
  }

  /** Undefined from when the activation is over. */
  get occupant(): Activation | undefined {
    return this.#occupant;
  }

  vacate(): void {
    this.#occupant = undefined;
  }
}
