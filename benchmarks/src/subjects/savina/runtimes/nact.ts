/** nact: an actor is a function from state and message to state; one setImmediate for each message. */
import { type ActorSystemRef, dispatch, query, type Ref, spawn, start, stop } from 'nact';
import type { Role } from '../program.ts';
import { LocalRuntime, type Mail } from './local-runtime.ts';

interface NactMail extends Mail {
  readonly replyTo?: Ref<unknown>;
}

type NactActor = Ref<NactMail>;

const queryTimeoutMs = 120_000;

export function startNact(): Promise<NactRuntime> {
  return Promise.resolve(new NactRuntime());
}

class NactRuntime extends LocalRuntime<NactActor> {
  readonly #system: ActorSystemRef = start();

  protected spawn(role: Role, key: number): NactActor {
    const behave = async (state: object, mail: NactMail): Promise<object> => {
      const answer = await this.handle(role, state, mail);
      if (mail.replyTo !== undefined) dispatch(mail.replyTo, answer);
      if (role.isTransient === true) stop(reference);
      return state;
    };
    // Names of its own making collide when there are many actors.
    const reference = spawn(this.#system, behave as never, `${role.name}-${key}`, {
      initialState: role.state(key),
    } as never) as NactActor;
    return reference;
  }

  protected tell(actor: NactActor, mail: Mail): void {
    dispatch(actor, mail);
  }

  protected query(actor: NactActor, mail: Mail): Promise<unknown> {
    return query(actor, (replyTo: Ref<unknown>) => ({ ...mail, replyTo }), queryTimeoutMs);
  }

  close(): Promise<void> {
    stop(this.#system);
    return Promise.resolve();
  }
}
