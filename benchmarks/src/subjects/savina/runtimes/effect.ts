/**
 * Effect: an actor is a fiber that takes from a queue, which is what its manual builds them from. Entities of its
 * cluster are a layer above this, with schemas and addresses, and take longer.
 */
import { Deferred, Effect, Fiber, Queue } from 'effect';
import type { Role } from '../program.ts';
import { LocalRuntime, type Mail } from './local-runtime.ts';

interface EffectMail extends Mail {
  readonly answer?: Deferred.Deferred<unknown>;
}

type EffectActor = Queue.Queue<EffectMail>;

export function startEffect(): Promise<EffectRuntime> {
  return Promise.resolve(new EffectRuntime());
}

class EffectRuntime extends LocalRuntime<EffectActor> {
  readonly #fibers: Fiber.Fiber<unknown>[] = [];

  protected spawn(role: Role, key: number): EffectActor {
    const queue = Effect.runSync(Queue.unbounded<EffectMail>());
    const state = role.state(key);
    const turn = Effect.flatMap(Queue.take(queue), (mail) => {
      const answer = this.handle(role, state, mail);
      if (answer instanceof Promise) {
        return Effect.flatMap(
          Effect.promise(() => answer),
          (value) => reply(mail, value),
        );
      }
      return reply(mail, answer);
    });
    const isTransient = role.isTransient === true;
    const fiber = Effect.runFork<unknown, never>(isTransient ? turn : Effect.forever(turn));
    if (!isTransient) this.#fibers.push(fiber);
    return queue;
  }

  protected tell(queue: EffectActor, mail: EffectMail): void {
    Queue.offerUnsafe(queue, mail);
  }

  protected query(actor: EffectActor, mail: Mail): Promise<unknown> {
    const answer = Deferred.makeUnsafe<unknown>();
    this.tell(actor, { ...mail, answer });
    return Effect.runPromise(Deferred.await(answer));
  }

  async close(): Promise<void> {
    await Effect.runPromise(Fiber.interruptAll(this.#fibers));
  }
}

function reply({ answer }: EffectMail, value: unknown): Effect.Effect<unknown> {
  return answer === undefined ? Effect.void : Deferred.succeed(answer, value);
}
