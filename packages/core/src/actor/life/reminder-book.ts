/**
 * The reminders of the actors of one member, as they stand: by partition, hidden table, actor and name. Those of one actor
 * are one record, which is what a storage keeps. Pure.
 */
import type { ReminderTime } from '../../definition/reminder-time.ts';
import type { StorageKey } from '../../key/key.ts';
import type { PartitionId } from '../../mesh/shared-state.ts';

/** A reminder as it is stored. */
export interface Reminder {
  readonly name: string;
  /** In milliseconds since 1970. */
  readonly dueMs: number;
  readonly time: ReminderTime;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** All of one actor. */
export type Reminders = readonly Reminder[];

/** Whose they are. */
export interface RemindersPlace {
  readonly partition: PartitionId;
  readonly table: number;
  readonly key: StorageKey;
}

const none: Reminders = [];

export class ReminderBook {
  readonly #partitions = new Map<PartitionId, Map<number, Map<StorageKey, Reminders>>>();

  of({ partition, table, key }: RemindersPlace): Reminders {
    return this.#partitions.get(partition)?.get(table)?.get(key) ?? none;
  }

  put({ partition, table, key }: RemindersPlace, reminders: Reminders): void {
    const tables = this.#partitions.get(partition) ?? new Map<number, Map<StorageKey, Reminders>>();
    const actors = tables.get(table) ?? new Map<StorageKey, Reminders>();
    if (reminders.length === 0) actors.delete(key);
    else actors.set(key, reminders);
    this.#partitions.set(partition, tables.set(table, actors));
  }

  *all(): Iterable<readonly [RemindersPlace, Reminders]> {
    for (const [partition, tables] of this.#partitions)
      for (const [table, actors] of tables)
        for (const [key, reminders] of actors) yield [{ partition, table, key }, reminders];
  }
}

/** The reminders with this one, in place of the one of its name. */
export function withReminder(reminders: Reminders, reminder: Reminder): Reminders {
  return [...withoutReminder(reminders, reminder.name), reminder];
}

export function withoutReminder(reminders: Reminders, name: string): Reminders {
  return reminders.filter((each) => each.name !== name);
}
