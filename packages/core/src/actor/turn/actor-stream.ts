/**
 * One stream at its actor: the generator that a method has answered with, step by step. A step is a turn of the actor,
 * from a request for the next item to the next `yield`; between steps other turns run, so a slow reader holds up nobody.
 * Pure but for the promises of the generator.
 *
 * `new`: the method was not called. `open`: it yields. `closing`: its `finally` blocks run, and then it is over, whatever
 * they yield.
 */
import { assert } from '../../assert.ts';
import { InvalidArgumentError } from '../../errors/errors.ts';
import { type AnyGenerator, isGenerator } from '../../stream/generator.ts';
import type { StreamIntake } from '../../stream/stream-intake.ts';
import type { StreamOutflow } from '../../stream/stream-outflow.ts';

/** What a step ends with. */
export type StreamStep = IteratorResult<unknown, unknown>;

/** Where the items go, from the first step on. */
export interface StreamExit {
  readonly outflow: StreamOutflow;
  readonly intake: StreamIntake;
  close(): void;
}

export class ActorStream {
  readonly #open: () => StreamExit;
  #exit: StreamExit | undefined;
  #generator: AnyGenerator | undefined;
  #phase: 'new' | 'open' | 'closing' = 'new';
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(open: () => StreamExit) {
    this.#open = open;
  }

  /** Its method has been called. */
  get begun(): boolean {
    return this.#phase !== 'new';
  }

  /** The next step. `begin` calls the method, at the first. */
  step(begin: () => unknown): Promise<StreamStep> {
    if (this.#phase === 'new') {
      this.#exit = this.#open();
      this.#phase = 'open';
      const answer = begin();
      if (!isGenerator(answer)) throw noGenerator();
      this.#generator = answer;
    }
    const generator = this.#generator;
    assert(generator !== undefined, 'a stream goes on that has not begun');
    if (!this.#stopped) return Promise.resolve(generator.next());
    this.#phase = 'closing';
    return Promise.resolve(generator.return(undefined));
  }

  /** A step has ended. `'over'`, or when the next one may begin. */
  stepped({ done, value }: StreamStep): 'over' | 'next' | Promise<void> {
    if (done === true || this.#phase === 'closing') return 'over';
    if (this.#stopped) return 'next';
    try {
      return this.#exit?.intake(value) ?? 'next';
    } catch (error) {
      this.#failure = { error };
      this.#stopped = true;
      return 'next';
    }
  }

  /** Nobody reads any more: the next step is the last. */
  stop(): void {
    this.#stopped = true;
    this.#exit?.outflow.stop();
  }

  /** A step has thrown, or can't be taken any more. What was yielded comes before the error. */
  fail(): void {
    this.#leave();
  }

  /** No more steps: what was yielded leaves. How many batches there were. Throws what can't be sent. */
  end(): number {
    const exit = this.#leave();
    if (this.#failure !== undefined) throw this.#failure.error;
    return exit?.outflow.batches ?? 0;
  }

  /** Once. */
  #leave(): StreamExit | undefined {
    const exit = this.#exit;
    this.#exit = undefined;
    exit?.outflow.flush();
    exit?.close();
    return exit;
  }
}

function noGenerator(): InvalidArgumentError {
  return new InvalidArgumentError('a method that streams must be written as a generator', {
    details: { argument: 'methods' },
  });
}
