/**
 * The limit: mailboxes that are arrays, drained in a microtask. Each burst ends in the next turn of the event loop, for
 * otherwise timers would never have theirs.
 */
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { mustEqual } from '../../entries.ts';
import { askInLanes, type SpeedMeans } from './actor-speed.ts';

type BareMessage = 'tell' | { readonly resolve: (answer: number) => void; readonly value?: number };

class BareActor {
  #told = 0;
  #mailbox: BareMessage[] = [];
  readonly #drain = (): void => {
    const messages = this.#mailbox;
    this.#mailbox = [];
    for (const message of messages) {
      if (message === 'tell') this.#told++;
      else message.resolve(message.value ?? this.#told);
    }
  };

  tell(message: BareMessage): void {
    if (this.#mailbox.push(message) === 1) queueMicrotask(this.#drain);
  }

  ask(value?: number): Promise<number> {
    return new Promise((resolve) => this.tell(value === undefined ? { resolve } : { resolve, value }));
  }
}

export function bareMeans(): SpeedMeans {
  const actors: BareActor[] = [];
  const actorAt = (index: number): BareActor => {
    actors[index] ??= new BareActor();
    return actors[index];
  };
  return {
    async tells(index, count) {
      const actor = actorAt(index);
      for (let sent = 0; sent < count; sent++) actor.tell('tell');
      await actor.ask();
      await nextLoopTurn();
    },
    told: (index) => actorAt(index).ask(),
    async asks(count, inFlight) {
      const right = await askInLanes(count, inFlight, (value) => actorAt(0).ask(value));
      await nextLoopTurn();
      return right;
    },
    async create(first, count) {
      for (let index = first; index < first + count; index++) actorAt(index).tell('tell');
      mustEqual(await actorAt(first + count - 1).ask(), 1, 'the messages of the last actor');
      await nextLoopTurn();
    },
    close: () => Promise.resolve(),
  };
}
