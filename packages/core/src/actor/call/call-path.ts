/**
 * The turns that wait for a call, outermost first: what travels with an ask that a turn of an actor makes. A call that
 * comes back to an actor whose open turn is on its path is that turn's own, and goes through; without it the two would
 * wait for each other for ever. Pure.
 *
 * Flat, `[turn, actor, key, method, …]`: a path is most often one or two turns long, and goes with every such ask.
 */
import type { StorageKey } from '../../key/key.ts';

/** A draw of the shared clock, made when the turn first asks; 0 until then. */
export type TurnId = number;

export type CallPath = readonly unknown[];

/** Fields of one turn. */
const stride = 4;

/** One turn of a path. */
export interface PathStep {
  readonly turn: TurnId;
  /** The number of the actor's type. */
  readonly actor: number;
  readonly key: StorageKey;
  readonly method: number;
}

/** A path that goes on with this turn. */
export function extendPath(path: CallPath | undefined, { turn, actor, key, method }: PathStep): CallPath {
  return path === undefined ? [turn, actor, key, method] : [...path, turn, actor, key, method];
}

/** Does the turn wait for the call with this path? */
export function isOnPath(turn: TurnId, path: CallPath | undefined): boolean {
  if (path === undefined || turn === 0) return false;
  for (let i = 0; i < path.length; i += stride) if (path[i] === turn) return true;
  return false;
}

/** How many turns wait for a call with this path. */
export function pathLength(path: CallPath | undefined): number {
  return path === undefined ? 0 : path.length / stride;
}

/** The turn that made the call; 0 when it was none. */
export function callerOf(path: CallPath | undefined): TurnId {
  return path === undefined ? 0 : (path[path.length - stride] as TurnId);
}

/** The turns of a path from `turn` on; all of them when it isn't there. */
export function stepsFrom(path: CallPath, turn: TurnId): PathStep[] {
  const steps: PathStep[] = [];
  for (let i = 0; i < path.length; i += stride) {
    const [id, actor, key, method] = path.slice(i, i + stride) as [TurnId, number, StorageKey, number];
    if (id === turn) steps.length = 0;
    steps.push({ turn: id, actor, key, method });
  }
  return steps;
}
