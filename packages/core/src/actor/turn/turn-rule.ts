/**
 * Which turns of one actor may be under way at a time. Pure.
 *
 * One alone, with two exceptions: readonly turns go on beside each other, and a call goes on within the turn that
 * waits for it. Each turn under way must allow the next one.
 */
import { type CallPath, isOnPath, type TurnId } from '../call/call-path.ts';

/** A turn under way, or one that is to begin. */
export interface RuledTurn {
  readonly readonly: boolean;
  readonly turnId: TurnId;
  readonly path: CallPath | undefined;
}

export function mayBegin(next: RuledTurn, open: readonly RuledTurn[]): boolean {
  for (const turn of open) {
    if (!(next.readonly && turn.readonly) && !isOnPath(turn.turnId, next.path)) return false;
  }
  return true;
}

/** The open turn that waits for this call; undefined when none does. */
export function awaitingTurn<T extends RuledTurn>(
  path: CallPath | undefined,
  open: readonly T[],
): T | undefined {
  return path === undefined ? undefined : open.find((turn) => isOnPath(turn.turnId, path));
}
