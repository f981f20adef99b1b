/**
 * Takes in what a producer yields: copied at once, as the producer may go on to change it. Batches leave when they are
 * full, else at the end of the turn of the event loop, so items don't wait for others.
 */
import { copiedBytes, copyValue } from '../codec/value.ts';
import type { StreamOutflow } from './stream-outflow.ts';

/** Takes an item. Answers a promise when there is room for no more: for the time when there is. Throws when it can't be sent. */
export type StreamIntake = (item: unknown) => Promise<void> | undefined;

/** `later` calls a function in the next turn of the event loop; `what` is what errors call an item. */
export function intakeOf(
  outflow: StreamOutflow,
  later: (run: () => void) => void,
  what: string,
): StreamIntake {
  let isFlushDue = false;
  const flush = (): void => {
    isFlushDue = false;
    outflow.flush();
  };
  return (item) => {
    const copy = copyValue(item, what);
    outflow.add(copy, copiedBytes());
    if (outflow.hasRoom) {
      if (outflow.hasItems && !isFlushDue) {
        isFlushDue = true;
        later(flush);
      }
      return undefined;
    }
    outflow.flush();
    return outflow.room();
  };
}
