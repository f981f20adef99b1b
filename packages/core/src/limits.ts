/**
 * Every bound of the library in one place. Nothing grows without one of these; each says what larger and smaller
 * would cost. Times in milliseconds, sizes in bytes, lengths in items.
 */

/** Default of `partitions`. More spread better over threads and cost about 2 KB each; fewer make scans coarser. */
export const partitionsDefault = 64;
/** Most partitions a grid can have: incarnations are one shared word each. */
export const partitionsMax = 65_536;
/** Most host threads: ids of members are packed in small integers and the mesh has n² / 2 links. */
export const hostsMax = 254;

/** Largest single value or message. Larger ones would hold up every other message of their link. */
export const messageBytesMax = 16 * 1024 * 1024;
/** A frame is closed when it passes this size; larger frames delay the receiver's first message. */
export const frameBytesMax = 256 * 1024;
/** With this many messages waiting a frame leaves within the turn, so that the receiver works while the sender goes on. */
export const frameMessagesEager = 128;
/** So it does with this many bytes, in one message or several: sending them takes more than a turn's others could save. */
export const frameBytesEager = 64 * 1024;
/**
 * Binaries from this size on travel beside their frame and are moved, not copied, to the other thread. Moving one costs
 * some microseconds whatever its size, copying 64 KiB about as much.
 */
export const attachmentBytesMin = 64 * 1024;
/** Deepest nesting of a value; encoder and copier recurse. */
export const valueDepthMax = 256;

/** Bytes a link may have sent that the receiver has not handled. Smaller stalls the pipeline, larger costs memory. */
export const linkWindowBytes = 8 * 1024 * 1024;
/** Bytes that may wait at the sender for the window; beyond it new calls are refused with LINK_OVERLOADED. */
export const linkBacklogBytesMax = 64 * 1024 * 1024;
/** Fixed share of a message in the window: what an array and its promise cost beside the payload. */
export const messageOverheadBytes = 64;
/** The receiver grants credit when it has handled this share of the window since its last grant. */
export const creditGrantShare = 0.25;

/** Longest time for which a thread's loop may be kept turning after a message. It takes a whole core meanwhile. */
export const keepWarmMsMax = 1_000;

/** A turn that took longer says that others want the core; then a loop isn't kept turning for the second of these. */
export const warmLoopHeldUpMs = 0.5;
export const warmLoopRestMs = 50;

/** Default bound of every call that names none. */
export const callTimeoutMsDefault = 30_000;
/** How often default deadlines are looked at; a call may overrun by this much. */
export const deadlineSweepMs = 250;
/** Longest time a timer of Node can be set to; larger ones would fire at once. */
export const timerMsMax = 0x7fffffff;
/** How long `close()` lets running work finish. */
export const closeTimeoutMsDefault = 10_000;
/** How long a thread that is to be killed may go on importing: what is cut off in the middle ends the process (Node 20). */
export const importGraceMs = 1_000;
/** How long a thread may take to import the user's modules and report ready. */
export const startTimeoutMsDefault = 30_000;

/** Messages waiting for one actor; beyond it MAILBOX_FULL. */
export const mailboxLengthMax = 1_000;
/**
 * Messages that wait before a full mailbox whose actor lets them (`overflow: 'wait'`); beyond it MAILBOX_FULL. Each is
 * held at the owner, so this bounds what senders who don't await can pile up there.
 */
export const mailboxOverflowMax = 10_000;
/** Turns that wait for each other in one chain of calls. Far beyond what is meant; a recursion without an end stops here. */
export const callPathMax = 256;
/** Actors in one message of an ask to many. More delay the first of them, fewer send the arguments more often. */
export const fanOutKeysMax = 1_000;
/** Items and bytes of a stream that may be under way from one producer. More hide the round trip, fewer cost less memory. */
export const streamWindowItems = 256;
export const streamWindowBytes = 256 * 1024;
/** A batch of a stream leaves with this many items or bytes, or when its producer has nothing more at the moment. */
export const streamBatchItems = 64;
export const streamBatchBytes = 64 * 1024;
/** Messages that may wait for one callback of a topic; what comes beyond is dropped. More cost memory where it is slow. */
export const topicQueueLengthMax = 1_000;
/** Messages that one member may want to publish while it does not know all subscribers yet; beyond it QUEUE_FULL. */
export const topicPublishesWaitingMax = 10_000;
/** Actors subscribed to one topic; beyond it QUEUE_FULL. Every member keeps the list. */
export const topicActorsMax = 100_000;
/** Copies of a stateless worker on one host. More let more calls wait at a time; each is an actor with a mailbox. */
export const workerCopiesDefault = 8;
export const workerCopiesMax = 1_000;
/**
 * How often calls that wait in a mailbox for another turn are looked at for a circle. Each is looked at after this
 * time, then after twice, four times, … as long. Shorter finds circles sooner and sends more probes.
 */
export const cycleLookMs = 50;
/** Timers one actor may have set; beyond it QUEUE_FULL. */
export const actorTimersMax = 1_000;
/** A timer that finds its actor's mailbox full tries again after this time. */
export const timerRetryMs = 50;
/** Reminders one actor may have set; beyond it QUEUE_FULL. They are one record, so more make each change larger. */
export const actorRemindersMax = 100;
/** Shortest period of a reminder: with storage each time is a commit. Timers are for shorter ones. */
export const reminderEveryMsMin = 1_000;
/** What a reminder waits for is looked at this often, for the clock may be set and a process may sleep. */
export const reminderLookMsMax = 3_600_000;
/** An actor that its supervision restarts: how often in which time, and the first and the longest pause before it. */
export const actorRestartsMax = 10;
export const actorRestartsWithinMs = 60_000;
export const actorRestartDelayMs = 10;
export const actorRestartDelayMsMax = 5_000;
/** Dead letters that one host keeps, in number and in bytes; newer failed ones take the place of the oldest. */
export const deadLettersMax = 1_000;
export const deadLetterBytesMax = 4 * 1024 * 1024;
/** Of these, what messages that were refused may take: a flood of them must not push out the failed ones. */
export const deadLettersRefusedShare = 0.5;
/**
 * Actors that are idle for too long are looked for this often in that time, but at least once in a second. More often
 * finds them sooner and walks past the others more.
 */
export const residencySweepsPerIdle = 4;
export const residencySweepMsMax = 1_000;
/** Plain operations and transactions waiting for locks in one partition; beyond it QUEUE_FULL. */
export const lockWaitersMax = 10_000;
/** Entries in one page of an iteration. A page is one message; larger pages block the owner longer. */
export const pageEntriesMax = 256;
/** A page is also closed at this size, so that large values stream in constant memory. */
export const pageBytesMax = 256 * 1024;
/** Entries looked at for one page of a range. What is not in the range costs little each; more block the owner longer. */
export const pageWalkMax = 8_192;
/** Open iterations in one partition. */
export const cursorsMax = 1_000;

/** First and longest pause before a dead host thread is started again, and how many starts may fail in a row. */
export const restartBackoffMs = 50;
export const restartBackoffMsMax = 5_000;
export const restartsInARowMax = 10;
/** A thread that served this long counts as healthy: the next one starts at once and the count begins anew. */
export const restartHealthyMs = 5_000;

/** Locks that one host lists in a view; more would make one message of megabytes out of a question. */
export const viewRowsMax = 10_000;
/** How long a transaction that is out of time may wait to learn who is in its way, before it is aborted. */
export const blockerAskedMsMax = 100;
/** Transactions one member may have under way at once: one shared status word each. */
export const transactionsPerMemberMax = 16_384;
/** Priorities of transactions go from minus this to this. */
export const priorityMax = 10;
/**
 * By how many draws of the clock one level of priority makes a transaction count as older: about what a second of full
 * load draws. Smaller orders only what waits for a moment; with larger ones, the lowest waits longer for the highest.
 */
export const priorityStepDraws = 100_000;
/** Default of `idempotencyRetentionMs`: how long the answer of a call with an idempotency key is kept. */
export const idempotencyRetentionMsDefault = 600_000;
/** Longest idempotency key, in UTF-16 units: it is stored in every partition that its transaction touches. */
export const idempotencyKeyLengthMax = 256;
/** Expired answers are looked for this often in a retention, but not more than once in a second. */
export const idempotencySweepsPerRetention = 10;
export const idempotencySweepMsMin = 1_000;
/** Expired answers that a host drops in one turn of its event loop: about a millisecond. */
export const idempotencySweptPerTurn = 1_000;
/** Jobs waiting in one host; beyond it QUEUE_FULL. */
export const jobQueueLengthMax = 10_000;

/** How long a snapshot may be read. Owners keep every version that it may need, so a longer life costs memory. */
export const snapshotAgeMaxMs = 60_000;
/**
 * Where the past is kept (`retentionMs`), what is too old is found this many times per retention, but not oftener or
 * more rarely than this. More ticks keep less beyond the retention; a longer one lets more pile up in idle partitions.
 */
export const retentionTicks = 16;
export const retentionTickMsMin = 10;
export const retentionTickMsMax = 60_000;
/** Versions that an owner drops in one go when it is told to look; the rest follows in later turns of its event loop. */
export const prunedPerSweep = 10_000;
/** A stream of entries is written in pieces of at most this many entries and about these bytes, each one atomic. */
export const writeChunkEntriesMax = 1_000;
export const writeChunkBytesMax = 1024 * 1024;
/** Pieces under way at once: more hide the round trip better, fewer hold fewer locks. */
export const writeChunksInFlightMax = 4;

/** A load sends items of one partition in pages of this many, at most that many, or about these bytes. */
export const loadPageItems = 512;
export const loadPageItemsMax = 10_000;
export const loadPageBytesMax = 1024 * 1024;
/** Pages of a load under way to one host at once: more hide the round trip better and hold more memory and locks. */
export const loadPagesInFlight = 4;
/** Bytes that a load collects for all partitions; then the largest page leaves, full or not. */
export const loadBufferBytesMax = 16 * 1024 * 1024;
/** How often a page is sent again, and the first and longest pause before that; doubled each time, with jitter. */
export const loadRetries = 3;
export const loadRetryPauseMs = 20;
export const loadRetryPauseMsMax = 2_000;
/** Failed items that a load keeps for its caller; the others are counted. */
export const loadFailedKeptMax = 1_000;
/** A page in which the engine in memory reads a partition back. Larger ones hold the storage thread up for longer. */
export const memoryPageBytesMax = 256 * 1024;
/** Default of `flushWithinMs`: a commit that doesn't wait for its flush is durable after this time at the latest. */
export const flushWithinMsDefault = 50;
/** Bytes of commits that one member may have at the log without an answer; further ones wait at the member. */
export const logWindowBytes = 8 * 1024 * 1024;
/** How often an iteration or a size outside a transaction begins, where each time a host is away that died just before. */
export const snapshotTriesMax = 5;
/** Bytes that writes of partitions themselves may have together before they are submitted without the end of the turn. */
export const groupCommitBytesMax = 1024 * 1024;
/** Bytes of commits that may wait at a member for the log; beyond it plain writes are refused with QUEUE_FULL. */
export const logBacklogBytesMax = 64 * 1024 * 1024;
/** Bytes at the log that are not durable; beyond it a commit that asked not to wait for its flush waits all the same. */
export const logUnflushedBytesMax = 32 * 1024 * 1024;
/** Pages of a partition that are on their way to the host that opens it. */
export const recoveryPagesAhead = 2;
/** A storage without room is asked again this often, while commits wait that it must not lose. */
export const storageFullRetryMs = 500;
/** What the storage gets at close to make durable what was appended, however late it is. */
export const storageCloseMsMin = 5_000;
/** Issues that a VALIDATION_FAILED lists. Who needs more has a schema to ask; a large array could name millions. */
export const validationIssuesMax = 100;
/** Bytes of a request context. It travels with every call made in it; larger ones would be most of the traffic. */
export const contextBytesMax = 8 * 1024;
/** Keys of one type of actor that a thread counts to find the hot ones. One in so many of all messages is found for certain. */
export const hotKeysCounted = 256;
/** Hot keys that a thread lists. */
export const hotKeysListed = 20;
