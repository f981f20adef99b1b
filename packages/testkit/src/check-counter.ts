/**
 * The counter: additions, and reads of the sum. A read must show at least everything that was acknowledged before it
 * began, and at most everything that had been asked for before it ended.
 *
 * A counter whose partition may be lost begins again at nothing then. Whoever knows only between which two moments that
 * was gives these as `losses`. What overlaps a loss may have happened before or after it: an addition is possible in
 * both times then, and a read proves nothing. Amounts are positive.
 */
import type { OperationOutcome } from './history.ts';

/** One addition or one read. Moments are positions in one list, as in a `History`. */
export type CounterOperation =
  | {
      readonly kind: 'add';
      readonly by: number;
      readonly type: OperationOutcome;
      readonly invokeIndex: number;
      readonly completeIndex: number;
    }
  | {
      readonly kind: 'read';
      readonly value: number;
      readonly invokeIndex: number;
      readonly completeIndex: number;
    };

/** The counter was lost at some moment between these two. */
export interface CounterLoss {
  readonly fromIndex: number;
  readonly toIndex: number;
}

/** A read that no order of the additions explains. */
export interface CounterViolation {
  readonly value: number;
  readonly leastPossible: number;
  readonly mostPossible: number;
  readonly invokeIndex: number;
}

type Addition = Extract<CounterOperation, { kind: 'add' }>;
type Read = Extract<CounterOperation, { kind: 'read' }>;

/** Judges every read of one counter; an empty answer is what you want. */
export function checkCounter(
  operations: readonly CounterOperation[],
  losses: readonly CounterLoss[] = [],
): CounterViolation[] {
  const additions = operations.filter((operation): operation is Addition => operation.kind === 'add');
  const reads = operations.filter((operation): operation is Read => operation.kind === 'read');
  return reads.flatMap((read) => {
    if (losses.some((loss) => overlaps(read, loss))) return [];
    const { leastPossible, mostPossible } = boundsOf(read, additions, losses);
    if (read.value >= leastPossible && read.value <= mostPossible) return [];
    return { value: read.value, leastPossible, mostPossible, invokeIndex: read.invokeIndex };
  });
}

function boundsOf(
  read: Read,
  additions: readonly Addition[],
  losses: readonly CounterLoss[],
): { leastPossible: number; mostPossible: number } {
  const before = losses.filter((loss) => loss.toIndex < read.invokeIndex);
  const lastLoss = before.reduce<CounterLoss>((a, b) => (a.toIndex > b.toIndex ? a : b), {
    fromIndex: -1,
    toIndex: -1,
  });
  let leastPossible = 0;
  let mostPossible = 0;
  for (const { by, type, invokeIndex, completeIndex } of additions) {
    if (type === 'fail' || invokeIndex > read.completeIndex) continue;
    // An unknown addition may still happen after the loss; an answered one was over before it began.
    if (type === 'ok' && completeIndex < lastLoss.fromIndex) continue;
    mostPossible += by;
    if (type === 'ok' && invokeIndex > lastLoss.toIndex && completeIndex < read.invokeIndex)
      leastPossible += by;
  }
  return { leastPossible, mostPossible };
}

function overlaps(read: Read, loss: CounterLoss): boolean {
  return read.invokeIndex <= loss.toIndex && loss.fromIndex <= read.completeIndex;
}
