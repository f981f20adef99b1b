/**
 * The bounds of compute that nobody else needs; the length of a host's queue is in core's `limits.ts`. Each says what
 * larger and smaller would cost.
 */

/** Jobs of one host that may be under way at once. More hide waits better, fewer keep memory and turns for data. */
export const jobConcurrencyDefault = 16;
/** Streams of one host that may be under way at once, beside its jobs: mostly they wait for their readers. */
export const streamsMax = 1_000;
/** How long jobs may keep a thread before the event loop goes round. Longer holds up reads, writes and timers. */
export const jobSliceMs = 2;
/** How often a job is run again because the thread it ran on died. Each may have been killed by the job itself. */
export const hostLossRerunsMax = 3;
/** First and longest pause before a failed job is tried again (option `retries`); doubled each time, with jitter. */
export const retryPauseMs = 20;
export const retryPauseMsMax = 2_000;
/** How long an idle thread of the pool stays. Longer saves starts and imports, shorter saves its 8 to 15 MB. */
export const poolIdleMs = 60_000;
/** How long an execution that has ended is listed, and how many of one thread. More tell more and cost their memory. */
export const statesKeptMsDefault = 60_000;
export const statesKeptMax = 1_000;
/** How long a host may take to list its executions; one that is blocked is left out then. */
export const listTimeoutMs = 1_000;
/** How long a job may keep its thread from everything else before that is reported. Shorter sees long jobs as faults. */
export const blockedMsMaxDefault = 10_000;
/** Looks at each thread within that time: a thread is blocked when it has stood still at all of them. */
export const blockedLooks = 4;
