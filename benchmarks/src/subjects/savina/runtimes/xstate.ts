/** XState: actors whose logic is a transition function. Sending is synchronous; there is no ask, and no turn that waits. */
import { type AnyActorRef, createActor, fromTransition } from 'xstate';
import type { Role } from '../program.ts';
import { LocalRuntime, type Mail } from './local-runtime.ts';

/** What an actor gets when it is stopped. */
const stopEvent = 'xstate.stop';

export function startXState(): Promise<XStateRuntime> {
  return Promise.resolve(new XStateRuntime());
}

class XStateRuntime extends LocalRuntime<AnyActorRef> {
  protected spawn(role: Role, key: number): AnyActorRef {
    const logic = fromTransition((state: object, event: Mail & { type: string }) => {
      if (event.type === stopEvent) return state;
      this.handle(role, state, event);
      if (role.isTransient === true) actor.stop();
      return state;
    }, role.state(key));
    const actor = createActor(logic);
    actor.start();
    return actor;
  }

  protected tell(actor: AnyActorRef, { method, args }: Mail): void {
    actor.send({ type: method, method, args });
  }

  protected query(): Promise<unknown> {
    return Promise.reject(new Error('XState has no ask'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
