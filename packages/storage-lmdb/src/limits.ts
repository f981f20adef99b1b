/** Every bound of the engine in one place, each with what larger and smaller would cost. Sizes in bytes. */

/** A frame is closed when it passes this size. One fdatasync for each; larger ones delay the first commit in them. */
export const frameBytesTarget = 4 * 1024 * 1024;
/** Largest payload of a frame, so also of one commit: recovery reads whole segments into memory. */
export const frameBytesMax = 1024 * 1024 * 1024;
/**
 * Frames up to here are written by the thread that makes them: 5 to 60 µs into the system's cache, where a trip to a
 * thread of libuv's and back takes 50 to 100. Larger ones would hold up what comes in meanwhile.
 */
export const writeInPlaceBytesMax = 256 * 1024;
/** A segment is closed when it passes this size. Space is given back by whole segments; each new one costs two syncs. */
export const segmentBytesTarget = 16 * 1024 * 1024;

/** Default of `foldBytes`. Larger folds write each key less often; smaller ones keep the log, and recovery, short. */
export const foldBytesDefault = 16 * 1024 * 1024;
/** Default of `foldMs`. For a grid with little to do: how old the log may become. */
export const foldMsDefault = 10_000;
/** Default of `unfoldedBytesMax`. This much memory is used when the checkpoint falls behind; appends wait beyond it. */
export const unfoldedBytesMaxDefault = 128 * 1024 * 1024;
/** What an unfolded part costs in memory beside its bytes, about. */
export const unfoldedPartOverheadBytes = 140;
/** Entries that a fold collects or writes before it gives way. More block an append for longer: about 1 µs each. */
export const foldSliceEntries = 2_048;
/** Writes that may be under way to LMDB. Larger transactions cost less for each entry, but memory. */
export const foldWritesMax = 16_384;

/** A page of a partition is closed at this size. Larger ones hold up appends for longer. */
export const pageBytesTarget = 256 * 1024;
/** And after this many entries, of which those that the log replaces are left out. */
export const pageWalkMax = 8_192;

/** How long no commit must come before the last frame is marked as flushed. Shorter marks cost busy logs a write each. */
export const markDelayMsDefault = 20;

/** Default of `freeBytesMin`. Room for the log to be written to its end and folded, which doubles what it holds. */
export const freeBytesMinDefault = 256 * 1024 * 1024;
/** Free space is asked for after this many bytes, or this time: more often costs a call of the system each. */
export const freeCheckBytes = 4 * 1024 * 1024;
export const freeCheckMs = 1_000;
/** The same while there is too little, so that writes are accepted soon after there is room. */
export const freeCheckFullMs = 100;

/** Tables of a storage, dropped ones included: two bytes of each key. */
export const tablesMax = 65_536;
/** Keys from this length on are cut and hashed. LMDB allows 1,978 bytes with pages of 4 KiB, prefix included. */
export const wholeKeyBytesMax = 1_900;
