/** What the contexts of all turns have, whatever the grid offers: the key, and what leads to the actor itself. */
import type { ReminderTime } from '../definition/reminder-time.ts';
import type { Key } from '../key/key.ts';
import type { ContextHome, OwnContext } from './actor-context.ts';
import type { TimerTime } from './actor-timers.ts';
import type { ActorType } from './actor-type.ts';
import type { Letter } from './letter.ts';

export abstract class HomeContext {
  readonly key: Key;
  readonly #home: ContextHome | undefined;

  constructor(key: Key, home: ContextHome | undefined) {
    this.key = key;
    this.#home = home;
  }

  static turnOf(context: HomeContext): Letter | undefined {
    return context.#home?.turnOf(context as unknown as OwnContext);
  }

  protected get actorType(): ActorType | undefined {
    return this.#home?.type;
  }

  stop(): void {
    this.#home?.stop();
  }

  setTimer(name: string, time: TimerTime, method: string, ...args: readonly unknown[]): void {
    this.#home?.setTimer(name, time, method, args);
  }

  clearTimer(name: string): boolean {
    return this.#home?.clearTimer(name) ?? false;
  }

  watch(reference: unknown, method: string, ...args: readonly unknown[]): () => void {
    return this.#home?.watch(reference, method, args) ?? (() => undefined);
  }

  async setReminder(
    name: string,
    time: ReminderTime,
    method: string,
    ...args: readonly unknown[]
  ): Promise<void> {
    await this.#home?.setReminder(name, time, method, args);
  }

  async clearReminder(name: string): Promise<boolean> {
    return (await this.#home?.clearReminder(name)) ?? false;
  }

  /** Aborted when nobody waits for the turn any more. */
  get signal(): AbortSignal {
    return signalOf(HomeContext.turnOf(this));
  }
}

/** Of what nobody can give up. */
const never = new AbortController().signal;

function signalOf(turn: Letter | undefined): AbortSignal {
  if (turn === undefined) return never;
  const record = turn.record();
  record.controller ??= new AbortController();
  if (record.abandoned !== undefined) record.controller.abort(record.abandoned);
  return record.controller.signal;
}
