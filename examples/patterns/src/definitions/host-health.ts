// Jobs that run on a host as a whole: what they see with `ctx.local` is all of the host's partitions.
import { getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';
import { job } from 'troupe';
import { tracks } from './catalogue.ts';

export const health = job('health', {
  run(ctx) {
    // Of this thread only; `process.memoryUsage()` tells of the whole process.
    const { used_heap_size: used } = getHeapStatistics();
    return { threadId, heapMiB: Math.round(used / 2 ** 20), tracks: ctx.local(tracks).size };
  },
});

/** Keeps its thread from everything else, as a bug might, until it is canceled. */
export const hog = job('hog', {
  run(ctx): void {
    while (!ctx.cancelled);
  },
});
