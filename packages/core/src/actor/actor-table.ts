/**
 * The hidden tables of an actor type. One is what a transaction locks and writes when it calls an actor of the type: its
 * keys are the actors' storage keys, its values their states; no partition stores it, committed writes become live
 * states. The other holds the reminders of each actor, under the same keys. Numbers of users' tables begin at 0; -1
 * belongs to another hidden table.
 */

/** The number of the hidden table of an actor type. */
export function actorTable(type: number): number {
  return -2 - 2 * type;
}

/** Is this the hidden table of the states of an actor type? */
export function isActorTable(table: number): boolean {
  return table <= -2 && table % 2 === 0;
}

/** The number of the hidden table of the reminders of an actor type. */
export function remindersTable(type: number): number {
  return actorTable(type) - 1;
}

export function isRemindersTable(table: number): boolean {
  return table <= -2 && !isActorTable(table);
}

/** The actor type of either hidden table. */
export function actorTypeOf(table: number): number {
  return Math.floor((-2 - table) / 2);
}
