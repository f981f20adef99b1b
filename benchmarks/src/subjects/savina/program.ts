/**
 * The programs of the Savina suite, written once and run by each library. A program is a set of roles; an actor is a
 * role and a key, comes into being with its first message, and handles one message at a time. Messages are a method's
 * name and numbers, so no library pays for encoding more than it must.
 */

/** What methods find around them; also the driver's way to its first message. */
export interface World {
  /** A message that nobody answers. */
  send(role: Role, key: number, method: string, ...args: readonly number[]): void;
  /** The same for whoever sends many: awaited now and then, it keeps him to the pace of those who receive. */
  sendPaced(role: Role, key: number, method: string, ...args: readonly number[]): Promise<void> | undefined;
  /** A message and its answer. Not every library has that. */
  ask(role: Role, key: number, method: string, ...args: readonly number[]): Promise<unknown>;
  /** The program has ended with this result. Called once in a run. */
  done(result: number): void;
}

export type Method = (world: World, state: never, ...args: number[]) => unknown;

export interface Role {
  readonly name: string;
  /** What an actor begins with: an object, changed in place. */
  readonly state: (key: number) => object;
  readonly methods: Readonly<Record<string, Method>>;
  /** Gets one message in its life and may end after it. */
  readonly isTransient?: boolean;
}

/** A library that runs the actors. */
export interface Runtime extends World {
  /** The result of the run that is under way, or of the next. Fails when an actor did. */
  result(): Promise<number>;
  /** Two keys, whose actors live on different threads if there are several. */
  apart(): Promise<readonly [number, number]>;
  close(): Promise<void>;
}

/** One run of a program. */
export interface Run {
  /** Counts the runs on one runtime, from 0. */
  readonly number: number;
  /** About how many messages it is to exchange. */
  readonly messages: number;
}

export interface Program {
  readonly roles: readonly Role[];
  /** Runs it to its end. How many messages were exchanged. Throws when the result is wrong. */
  run(runtime: Runtime, run: Run): Promise<number>;
}

/** So many messages one sender sends before it waits for the others to have caught up. */
const unpacedMax = 500;

/** Sends `count` messages at the pace of those who receive them. */
export async function sendMany(
  count: number,
  send: (index: number) => Promise<void> | undefined,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    const sent = send(index);
    if (sent !== undefined && index % unpacedMax === unpacedMax - 1) await sent;
  }
}

/** A draw from 0 up to `limit`, the same in every run and library, and the seed of the next. */
export function nextSeed(seed: number): number {
  return (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
}

/** Throws from within an actor, which fails the run. */
export function mustHoldTrue(condition: boolean, claim: string): void {
  if (!condition) throw new Error(`not true: ${claim}`);
}
