// One question, asked twice: with the ready-made `groupBy`, and by hand.
import { groupBy, mapReduce } from 'troupe';
import { tracks } from './catalogue.ts';

export interface GenreSum {
  readonly tracks: number;
  readonly seconds: number;
}
export interface LongerThan {
  readonly seconds: number;
}

const none: GenreSum = { tracks: 0, seconds: 0 };
const plus = (a: GenreSum, b: GenreSum): GenreSum => ({
  tracks: a.tracks + b.tracks,
  seconds: a.seconds + b.seconds,
});

/** Say what to look at and how to add it up; `groupBy` does the rest. Its answer is a Map. */
export const genreSums = mapReduce(
  'genreSums',
  groupBy({
    *items(ctx, longerThan: LongerThan) {
      for (const track of ctx.local(tracks).values()) if (track.seconds > longerThan.seconds) yield track;
    },
    key: ({ genre }) => genre,
    initial: () => none,
    add: (sum, { seconds }) => plus(sum, { tracks: 1, seconds }),
    merge: plus,
  }),
);

type Sums = Map<string, GenreSum>;

function merged(into: Sums, more: Sums): Sums {
  for (const [genre, sum] of more) into.set(genre, plus(into.get(genre) ?? none, sum));
  return into;
}

export const genreSumsByHand = mapReduce('genreSumsByHand', {
  // Once for each partition, at its owner.
  map(ctx, longerThan: LongerThan) {
    const sums: Sums = new Map();
    for (const { genre, seconds } of ctx.local(tracks).values()) {
      if (seconds > longerThan.seconds) merged(sums, new Map([[genre, { tracks: 1, seconds }]]));
    }
    return sums;
  },
  // On the thread that made both, so that each host sends one Map, however many partitions it has.
  combine: merged,
  // At the caller. Here the answer may take another shape than the parts.
  reduce: (parts) => [...parts.reduce(merged, new Map())].toSorted(([, a], [, b]) => b.seconds - a.seconds),
});
