/**
 * The set: unique elements are added one by one and read all together. It asks one question per element:
 * once it was known to be there, did it stay, and did everybody see it?
 *
 * An element is known from the moment its addition was acknowledged, or a read that showed it ended. A
 * later read (begun after that moment) without it is `stale` when the element comes back in a read that
 * begins later still, and `lost` when it never does. Both are failures of a store that promises strict
 * serializability; `stale` alone is allowed where only eventual visibility is promised.
 */

/** One addition or one read of everything. Moments are positions in one list, as in a `History`. */
export type SetOperation =
  | {
      readonly kind: 'add';
      readonly element: number;
      readonly type: 'ok' | 'fail' | 'info';
      readonly invokeIndex: number;
      readonly completeIndex: number;
    }
  | {
      readonly kind: 'read';
      readonly elements: readonly number[];
      readonly invokeIndex: number;
      readonly completeIndex: number;
    };

/** What is wrong with the elements, each list in ascending order. */
export interface SetVerdict {
  /** Neither lost, stale, unexpected nor doubled elements. */
  readonly ok: boolean;
  /** Known, then gone for good. */
  readonly lost: readonly number[];
  /** Known, missed by a later read, seen again. */
  readonly stale: readonly number[];
  /** Read although nobody added them, or although the addition failed. */
  readonly unexpected: readonly number[];
  /** More than once in one read. */
  readonly doubled: readonly number[];
  /** Acknowledged, but no read began afterwards: nothing is proved about them. */
  readonly unread: readonly number[];
}

type SetAdd = Extract<SetOperation, { kind: 'add' }>;
type SetRead = Extract<SetOperation, { kind: 'read' }>;

interface Reads {
  readonly inOrder: readonly { readonly read: SetRead; readonly elements: ReadonlySet<number> }[];
  readonly firstSeenAt: ReadonlyMap<number, number>;
}

/** Judges every element of a set by the reads of it. */
export function checkSet(operations: readonly SetOperation[]): SetVerdict {
  const adds = operations.filter((operation): operation is SetAdd => operation.kind === 'add');
  const reads = indexReads(operations.filter((operation): operation is SetRead => operation.kind === 'read'));
  const byFate = new Map<string, number[]>(['lost', 'stale', 'unread'].map((fate) => [fate, []]));
  for (const add of adds) byFate.get(fateOf(add, reads))?.push(add.element);
  const expected = new Set(adds.filter(({ type }) => type !== 'fail').map(({ element }) => element));
  const unexpected = ascending([...reads.firstSeenAt.keys()].filter((element) => !expected.has(element)));
  const doubled = ascending(reads.inOrder.flatMap(({ read }) => doubledIn(read)));
  const [lost, stale, unread] = ['lost', 'stale', 'unread'].map((fate) => ascending(byFate.get(fate) ?? []));
  const wrong = [lost, stale, unexpected, doubled];
  return {
    ok: wrong.every((elements) => elements?.length === 0),
    lost: lost ?? [],
    stale: stale ?? [],
    unexpected,
    doubled,
    unread: unread ?? [],
  };
}

function indexReads(reads: readonly SetRead[]): Reads {
  const firstSeenAt = new Map<number, number>();
  for (const { elements, completeIndex } of reads) {
    for (const element of elements) {
      firstSeenAt.set(element, Math.min(completeIndex, firstSeenAt.get(element) ?? Infinity));
    }
  }
  const ordered = reads.toSorted((left, right) => left.invokeIndex - right.invokeIndex);
  return { inOrder: ordered.map((read) => ({ read, elements: new Set(read.elements) })), firstSeenAt };
}

function fateOf(
  add: SetAdd,
  { inOrder, firstSeenAt }: Reads,
): 'lost' | 'stale' | 'unread' | 'kept' | 'unknown' {
  if (add.type === 'fail') return 'unknown';
  const acknowledgedAt = add.type === 'ok' ? add.completeIndex : Infinity;
  const knownAt = Math.min(acknowledgedAt, firstSeenAt.get(add.element) ?? Infinity);
  if (knownAt === Infinity) return 'unknown';
  const after = inOrder.filter(({ read }) => read.invokeIndex > knownAt);
  if (after.length === 0) return 'unread';
  const lastMissing = after.findLastIndex(({ elements }) => !elements.has(add.element));
  if (lastMissing === -1) return 'kept';
  return lastMissing === after.length - 1 ? 'lost' : 'stale';
}

function doubledIn({ elements }: SetRead): number[] {
  const seen = new Set<number>();
  return elements.filter((element) => {
    if (seen.has(element)) return true;
    seen.add(element);
    return false;
  });
}

function ascending(elements: readonly number[]): number[] {
  return [...new Set(elements)].sort((left, right) => left - right);
}
