/**
 * The reminders of the actors of one member: when one is due, its actor gets a message, which activates it. They are
 * records of their partition, so they outlive the activation, and with storage the thread and the process.
 *
 * A reminder is taken out, or set for its next time, when its message has been handled, failed or not. So what a death
 * interrupts comes again: at least once. One that was due while nobody was there comes once, at the start.
 *
 * Changes of the record of one actor pass the lock of its key, so each builds on the one before.
 */
import { copyValue } from '../../codec/value.ts';
import {
  type CronCalendar,
  checkReminderTime,
  firstDueMs,
  nextDueMs,
  type ReminderTime,
} from '../../definition/reminder-time.ts';
import { mustBeName } from '../../errors/argument.ts';
import { OverloadedError } from '../../errors/errors.ts';
import { actorRemindersMax, reminderLookMsMax, timerRetryMs } from '../../limits.ts';
import type { Partition } from '../../partition/partition.ts';
import type { Kept } from '../../partition/partition-concurrency.ts';
import { actorTypeOf, remindersTable } from '../actor-table.ts';
import type { ActorType, ActorTypes } from '../actor-type.ts';
import { unobserved } from '../call/tell.ts';
import { eventOf, publishActorEvent } from '../failure/actor-events.ts';
import { Delivery, type Letter } from '../mail/letter.ts';
import type { ActorPorts } from '../turn/actor-ports.ts';
import type { Activation } from './activation.ts';
import {
  type Reminder,
  ReminderBook,
  type Reminders,
  type RemindersPlace,
  withoutReminder,
  withReminder,
} from './reminder-book.ts';
import type { Residents } from './resident-actors.ts';

export interface ActorRemindersPort {
  readonly ports: Pick<ActorPorts, 'after' | 'wallMs'>;
  readonly types: ActorTypes;
  readonly calendar: CronCalendar;
  /** The partition, if this member owns it now. */
  partition(id: RemindersPlace['partition']): Partition | undefined;
  /** Puts a message in the mailbox of an actor of the partition. Undefined: there is no room. */
  deliver(
    partition: Partition,
    type: ActorType,
    place: RemindersPlace,
    method: number,
    args: readonly unknown[],
    delivery: Delivery,
  ): Letter | undefined;
}

type Change = (reminders: Reminders) => Reminders;

export class ActorReminders {
  readonly #port: ActorRemindersPort;
  readonly #book = new ReminderBook();
  /** What waits for each to be due. */
  readonly #waits = new Map<Reminder, () => void>();
  #started = false;
  #closed = false;

  constructor(port: ActorRemindersPort) {
    this.#port = port;
  }

  /** Those that are set. */
  get count(): number {
    return this.#waits.size;
  }

  /**
   * Sets a reminder of this name, in place of the one the actor had. Resolves when it is durable. Rejects with
   * INVALID_ARGUMENT, QUEUE_FULL for one too many, or a StorageError.
   */
  async set(
    activation: Activation,
    name: string,
    time: ReminderTime,
    method: string,
    args: readonly unknown[],
  ): Promise<void> {
    const { type } = activation;
    mustBeName(name, 'name');
    checkReminderTime(time);
    type.mustFindMethod(method);
    const reminder: Reminder = {
      name,
      dueMs: firstDueMs(time, this.#port.ports.wallMs(), this.#port.calendar),
      time: { ...time },
      method,
      args: copyValue(args, 'arguments of the reminder'),
    };
    const place = placeOf(activation);
    await unobserved(
      this.#change(place, (reminders) => {
        const changed = withReminder(reminders, reminder);
        if (changed.length > actorRemindersMax) throw tooMany(type);
        return changed;
      }),
    );
  }

  /** Takes one back. False: there is none of this name. */
  async clear(activation: Activation, name: string): Promise<boolean> {
    let wasThere = false;
    const cleared = this.#change(placeOf(activation), (reminders) => {
      const changed = withoutReminder(reminders, name);
      wasThere = changed.length < reminders.length;
      return wasThere ? changed : reminders;
    });
    await cleared;
    return wasThere;
  }

  /** What the storage has of the reminders of an actor. */
  recovered(place: RemindersPlace, reminders: Reminders): void {
    this.#put(place, reminders);
  }

  /** The partitions are open: what is due may come. */
  start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    for (const [place, reminders] of this.#book.all())
      for (const reminder of reminders) this.#await(place, reminder);
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#waits.values()) cancel();
    this.#waits.clear();
  }

  // ── the record ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes a change durable, and puts it in place then. */
  #change(place: RemindersPlace, change: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      const kept: Kept = (error) => (error === undefined ? resolve() : reject(error));
      const partition = this.#port.partition(place.partition);
      if (partition === undefined || this.#closed) {
        resolve();
        return;
      }
      const { concurrency } = partition;
      const make = (): void => this.#make(partition, place, change, kept);
      try {
        if (concurrency.isFree(place.table, place.key, 'write')) make();
        else concurrency.wait(place.table, place.key, 'write', make);
      } catch (error) {
        reject(error as Error);
      }
    });
  }

  /** With the lock of the record. */
  #make({ concurrency: { writes } }: Partition, place: RemindersPlace, change: Change, kept: Kept): void {
    let changed: Reminders;
    try {
      const before = this.#book.of(place);
      changed = change(before);
      if (changed === before) {
        kept();
        return;
      }
    } catch (error) {
      kept(error as Error);
      return;
    }
    if (writes === undefined) {
      this.#put(place, changed);
      kept();
      return;
    }
    const record = changed.length === 0 ? undefined : copyValue(changed, 'reminders');
    writes.keepKey(place.table, place.key, record, (error) => {
      if (error === undefined) this.#put(place, changed);
      kept(error);
    });
  }

  #put(place: RemindersPlace, reminders: Reminders): void {
    for (const gone of this.#book.of(place)) {
      if (reminders.includes(gone)) continue;
      this.#waits.get(gone)?.();
      this.#waits.delete(gone);
    }
    const known = this.#book.of(place);
    this.#book.put(place, reminders);
    if (!this.#started || this.#closed) return;
    for (const reminder of reminders) if (!known.includes(reminder)) this.#await(place, reminder);
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #await(place: RemindersPlace, reminder: Reminder): void {
    const { ports } = this.#port;
    const leftMs = Math.max(0, reminder.dueMs - ports.wallMs());
    // Looked at now and then: the clock may be set, and a process may sleep.
    const look = (): void =>
      reminder.dueMs > ports.wallMs() ? this.#await(place, reminder) : this.#due(place, reminder);
    this.#waits.set(reminder, ports.after(Math.min(leftMs, reminderLookMsMax), look));
  }

  #due(place: RemindersPlace, reminder: Reminder): void {
    const partition = this.#port.partition(place.partition);
    if (partition === undefined) return;
    const type = this.#port.types.mustGet(actorTypeOf(place.table));
    const method = type.methodNames.indexOf(reminder.method);
    if (method < 0) {
      this.#failed(type, place, new Error(`there is no method ${reminder.method} any more`));
      this.#handled(type, place, reminder);
      return;
    }
    const delivery = new Delivery('timer', () => this.#handled(type, place, reminder));
    const args = copyValue(reminder.args, 'arguments of the reminder');
    if (this.#port.deliver(partition, type, place, method, args, delivery) !== undefined) return;
    this.#waits.set(
      reminder,
      this.#port.ports.after(timerRetryMs, () => this.#due(place, reminder)),
    );
  }

  /** Its message is over, unless it was set anew or taken back meanwhile. */
  #handled(type: ActorType, place: RemindersPlace, reminder: Reminder): void {
    const next = this.#next(type, place, reminder);
    const change: Change = (reminders) => {
      if (next === reminder || !reminders.includes(reminder)) return reminders;
      const others = withoutReminder(reminders, reminder.name);
      return next === undefined ? others : [...others, next];
    };
    this.#change(place, change).catch((error: unknown) => {
      this.#failed(type, place, error);
      // Not at once again, whatever the storage says; after a restart it comes again.
      this.#put(place, change(this.#book.of(place)));
    });
  }

  #next(type: ActorType, place: RemindersPlace, reminder: Reminder): Reminder | undefined {
    const { calendar, ports } = this.#port;
    try {
      const dueMs = nextDueMs(reminder.time, reminder.dueMs, ports.wallMs(), calendar);
      return dueMs === undefined ? undefined : { ...reminder, dueMs };
    } catch (error) {
      // There is no calendar any more. It is kept as it is, and comes again at the next start.
      this.#failed(type, place, error);
      return reminder;
    }
  }

  #failed(type: ActorType, { key }: RemindersPlace, error: unknown): void {
    publishActorEvent(() => eventOf('reminder-failed', type, key, -1, error));
  }
}

function placeOf({ type, key, residents }: Activation): RemindersPlace {
  return { partition: (residents as Residents).partition.id, table: remindersTable(type.id), key };
}

function tooMany({ definition: { name } }: ActorType): OverloadedError {
  return new OverloadedError('QUEUE_FULL', `an actor '${name}' has ${actorRemindersMax} reminders already`, {
    details: { actor: name, actorRemindersMax },
  });
}
