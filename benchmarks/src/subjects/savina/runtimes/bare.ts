/**
 * The limit: a mailbox that is an array, drained in a microtask, and nothing else. No supervision, no bounds, no copies,
 * no fairness towards the event loop.
 */
import type { Role } from '../program.ts';
import { LocalRuntime, type Mail } from './local-runtime.ts';

interface BareMail extends Mail {
  readonly resolve?: (answer: unknown) => void;
}

interface BareActor {
  readonly role: Role;
  readonly state: object;
  mailbox: BareMail[];
  next: number;
  /** It waits for its turn, or has an asynchronous one. */
  isBusy: boolean;
}

export function startBare(): Promise<BareRuntime> {
  return Promise.resolve(new BareRuntime());
}

class BareRuntime extends LocalRuntime<BareActor> {
  readonly #runnable: BareActor[] = [];
  #isDraining = false;

  protected spawn(role: Role, key: number): BareActor {
    return { role, state: role.state(key), mailbox: [], next: 0, isBusy: false };
  }

  protected tell(actor: BareActor, mail: BareMail): void {
    actor.mailbox.push(mail);
    if (!actor.isBusy) this.#enqueue(actor);
  }

  protected query(actor: BareActor, mail: Mail): Promise<unknown> {
    return new Promise((resolve) => this.tell(actor, { ...mail, resolve }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #enqueue(actor: BareActor): void {
    actor.isBusy = true;
    this.#runnable.push(actor);
    if (this.#isDraining) return;
    this.#isDraining = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    for (let index = 0; index < this.#runnable.length; index++)
      this.#empty(this.#runnable[index] as BareActor);
    this.#runnable.length = 0;
    this.#isDraining = false;
  }

  #empty(actor: BareActor): void {
    const { mailbox } = actor;
    while (actor.next < mailbox.length) {
      const mail = mailbox[actor.next++] as BareMail;
      const answer = this.handle(actor.role, actor.state, mail);
      if (answer instanceof Promise) {
        void this.#resumeAfter(actor, mail, answer);
        return;
      }
      mail.resolve?.(answer);
    }
    actor.mailbox = [];
    actor.next = 0;
    actor.isBusy = false;
  }

  async #resumeAfter(actor: BareActor, mail: BareMail, answer: Promise<unknown>): Promise<void> {
    try {
      mail.resolve?.(await answer);
    } finally {
      this.#enqueue(actor);
    }
  }
}
