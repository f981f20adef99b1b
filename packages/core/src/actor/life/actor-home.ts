/** What the contexts of an activation's turns lead to: its timers, its reminders, its watches, and its end. */
import { copyValue } from '../../codec/value.ts';
import type { ReminderTime } from '../../definition/reminder-time.ts';
import type { ActorType } from '../actor-type.ts';
import type { Letter } from '../mail/letter.ts';
import type { Activation } from './activation.ts';
import type { ActivationPort } from './activation-port.ts';
import type { ContextHome, OwnContext } from './actor-context.ts';
import type { TimerTime } from './actor-timers.ts';

export class ActorHome implements ContextHome {
  readonly #activation: Activation;
  readonly #port: ActivationPort;

  constructor(activation: Activation, port: ActivationPort) {
    this.#activation = activation;
    this.#port = port;
  }

  get type(): ActorType {
    return this.#activation.type;
  }

  turnOf(context: OwnContext): Letter | undefined {
    return this.#activation.turnOf(context);
  }

  stop(): void {
    this.#activation.stop();
  }

  setTimer(name: string, time: TimerTime, method: string, args: readonly unknown[]): void {
    this.#port.timers.set(this.#activation, name, time, method, args);
  }

  clearTimer(name: string): boolean {
    return this.#port.timers.clear(this.#activation, name);
  }

  watch(reference: unknown, method: string, args: readonly unknown[]): () => void {
    const copies = copyValue(args, 'arguments of the notice');
    return this.#port.watchFor(this.#activation, reference, this.type.mustFindMethod(method), copies);
  }

  setReminder(name: string, time: ReminderTime, method: string, args: readonly unknown[]): Promise<void> {
    return this.#port.reminders.set(this.#activation, name, time, method, args);
  }

  clearReminder(name: string): Promise<boolean> {
    return this.#port.reminders.clear(this.#activation, name);
  }
}
