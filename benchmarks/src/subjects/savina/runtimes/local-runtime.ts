/**
 * What the runtimes on one thread have in common: they hold a reference to each actor, made at its first message, and
 * a promise of the result.
 */
import type { Role, Runtime } from '../program.ts';

export interface Mail {
  readonly method: string;
  readonly args: readonly number[];
}

export abstract class LocalRuntime<Reference> implements Runtime {
  readonly #references = new Map<Role, Map<number, Reference>>();
  #resolve: (result: number) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  protected abstract spawn(role: Role, key: number): Reference;
  protected abstract tell(reference: Reference, mail: Mail): void;
  protected abstract query(reference: Reference, mail: Mail): Promise<unknown>;
  abstract close(): Promise<void>;

  send(role: Role, key: number, method: string, ...args: readonly number[]): void {
    this.tell(this.#reference(role, key), { method, args });
  }

  /** Nothing here knows how many messages wait. */
  sendPaced(role: Role, key: number, method: string, ...args: readonly number[]): undefined {
    this.tell(this.#reference(role, key), { method, args });
  }

  ask(role: Role, key: number, method: string, ...args: readonly number[]): Promise<unknown> {
    return this.query(this.#reference(role, key), { method, args });
  }

  done(result: number): void {
    this.#resolve(result);
  }

  result(): Promise<number> {
    const result = new Promise<number>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The program may learn of a failure only when it comes to wait for the result.
    result.catch(() => undefined);
    return result;
  }

  apart(): Promise<readonly [number, number]> {
    return Promise.resolve([0, 1]);
  }

  /** What an actor does with a message. A failure fails the run. */
  protected handle(role: Role, state: object, { method, args }: Mail): unknown {
    try {
      const handler = role.methods[method];
      if (handler === undefined) throw new Error(`${role.name} has no method ${method}`);
      const answer = handler(this, state as never, ...args);
      if (answer instanceof Promise) answer.catch((error: unknown) => this.#reject(error));
      return answer;
    } catch (error) {
      this.#reject(error);
      return undefined;
    }
  }

  #reference(role: Role, key: number): Reference {
    if (role.isTransient === true) return this.spawn(role, key);
    let references = this.#references.get(role);
    if (references === undefined) {
      references = new Map();
      this.#references.set(role, references);
    }
    let reference = references.get(key);
    if (reference === undefined) {
      reference = this.spawn(role, key);
      references.set(key, reference);
    }
    return reference;
  }
}
