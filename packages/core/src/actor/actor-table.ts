/**
 * The hidden table of an actor type: what a transaction locks and writes when it calls an actor of the type. Its keys
 * are the actors' storage keys, its values their states. No partition stores it: committed writes become live states.
 * Numbers of users' tables begin at 0; -1 belongs to another hidden table.
 */

/** The number of the hidden table of an actor type. */
export function actorTable(type: number): number {
  return -2 - type;
}

/** Is this the hidden table of an actor type? */
export function isActorTable(table: number): boolean {
  return table <= -2;
}

/** The actor type of a hidden table. */
export function actorTypeOf(table: number): number {
  return -2 - table;
}
