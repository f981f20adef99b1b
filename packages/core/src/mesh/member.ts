/**
 * A member of the mesh: the main thread or a host. It knows its peers, sends each layer's messages to the right one,
 * dispatches what arrives to the layer that owns the message family, and matches answers with requests.
 *
 * A message to oneself is handled at once, in the same turn, without the codec; the layers copy values where they
 * cross to user code. A peer that is gone stays known as lost: requests to it have been rejected, and new requests
 * wait until its successor is connected.
 */
import { type Clock, systemClock } from '../clock.ts';
import { deadReference, type Revive } from '../codec/reference.ts';
import { copyValue } from '../codec/value.ts';
import { approximateBytes } from '../codec/value-bytes.ts';
import type { CallTracer } from '../context/call-tracer.ts';
import { type ErrorRegistry, errorFromWire, errorToWire } from '../errors/error-codec.ts';
import {
  GridClosedError,
  HostLostError,
  InvariantError,
  PartitionUnavailableError,
} from '../errors/errors.ts';
import { callTimeoutMsDefault, frameBytesMax, timerMsMax } from '../limits.ts';
import { Flusher } from '../link/flusher.ts';
import type { Frame, FrameTransport } from '../link/link.ts';
import { Link, linkLimits } from '../link/link.ts';
import type { Message } from '../link/outbox.ts';
import { onAbort } from './on-abort.ts';
import { CallOp, Family, familyOf } from './opcode.ts';
import { OpenWork } from './open-work.ts';
import { type MemberIdentity, type Peer, peerOf } from './peer.ts';
import { type CallOptions, PendingCalls } from './pending-calls.ts';
import type { MemberId, SharedState } from './shared-state.ts';
import { WarmLoop } from './warm-loop.ts';

/** A layer that owns a message family. */
export interface MessageFamily {
  /** One message from a peer. Must not throw: a fault here stops the thread. */
  receive(message: Message, from: Peer): void;
  /** The peer is connected: what is sent to it now goes before everything else. */
  connected?(peer: Peer): void;
  /** The caller of a request no longer waits. */
  cancelled?(requestId: number, from: Peer): void;
  /** Everything the peer had sent has been received; nothing more will come. */
  peerLost?(peer: Peer): void;
  /** The member has closed. */
  closed?(): void;
}

export class Member {
  readonly self: Peer;
  readonly shared: SharedState;
  readonly errors: ErrorRegistry;
  /** Its time, its turns and its chance. */
  readonly clock: Clock;
  readonly flusher: Flusher;
  /** Who traces the calls of this member; set by the wiring, before there are any. */
  tracer: CallTracer | undefined = undefined;
  /** What goes on only when all messages of a frame that arrives have been taken in. */
  readonly held: { hold(): void; release(): void }[] = [];
  /** What lasts longer than one call; `idle()` waits for it. */
  readonly work = new OpenWork();
  /** Makes references that arrive here live; set by the layer they belong to. */
  revive: Revive = deadReference;
  #warmLoop: WarmLoop | undefined;
  readonly #peers: (Peer | undefined)[] = [];
  readonly #families: (MessageFamily | undefined)[] = [];
  readonly #calls: PendingCalls;
  readonly #connected = new Map<MemberId, Set<Connecting>>();
  readonly #failed = new Map<MemberId, string>();
  #closed = false;

  constructor(identity: MemberIdentity, shared: SharedState, errors: ErrorRegistry, clock = systemClock) {
    this.clock = clock;
    this.flusher = new Flusher(clock);
    this.self = peerOf(identity, undefined);
    this.shared = shared;
    this.errors = errors;
    this.#peers[identity.id] = this.self;
    this.#calls = new PendingCalls((peer, requestId) => {
      this.flagCancelled(requestId);
      this.sendProtocol(peer, [CallOp.cancel, requestId]);
    }, clock);
    this.#families[Family.call] = { receive: (message, from) => this.#receiveCall(message, from) };
  }

  /** True when calls are refused: the grid is closed, or closing and nothing runs here that may still call. */
  get closed(): boolean {
    return this.#closed || !this.work.mayCall;
  }

  /** True when a call of this member was rejected with `error` without an answer: its outcome is not in the error. */
  wasUnanswered(error: unknown): boolean {
    return this.#calls.wasUnanswered(error);
  }

  /** Calls of this member that wait for an answer. */
  get pendingCalls(): number {
    return this.#calls.size;
  }

  /** Their request ids. */
  pendingRequests(): number[] {
    return this.#calls.ids();
  }

  /** Turns the latency mode on: the loop of this thread goes on turning for so long after each message. */
  keepWarm(keepMs: number): void {
    this.#warmLoop = new WarmLoop(keepMs, this.clock);
    this.flusher.onFlush = this.#warmLoop.touch;
  }

  register(family: number, owner: MessageFamily): void {
    this.#families[family] = owner;
  }

  /** The living peer of this member id, if it is connected. */
  tryPeer(id: MemberId): Peer | undefined {
    const peer = this.#peers[id];
    return peer === undefined || peer.lost ? undefined : peer;
  }

  /** That incarnation of a member, living or lost, as long as no later one is connected. */
  lastPeer(id: MemberId, incarnation: unknown): Peer | undefined {
    const peer = this.#peers[id];
    return peer?.incarnation === incarnation ? peer : undefined;
  }

  /** Connects a new incarnation of a member. `open` makes the transport for the receiver of its frames. */
  connect(identity: MemberIdentity, open: (receive: (frame: Frame) => void) => FrameTransport): Peer {
    const link: Link = new Link(
      this.flusher,
      (message) => this.#deliver(message, peer),
      linkLimits,
      (form) => this.revive(form),
    );
    const peer: Peer = peerOf(identity, link);
    const receive = (frame: Frame): void => {
      this.#warmLoop?.touch();
      for (const held of this.held) held.hold();
      link.receive(frame);
      for (const held of this.held) held.release();
    };
    link.open(open(receive));
    this.#peers[identity.id] = peer;
    this.#failed.delete(identity.id);
    for (const family of this.#families) family?.connected?.(peer);
    for (const { resolve } of this.#takeConnecting(identity.id)) resolve();
    return peer;
  }

  /** A peer's thread has ended (`cause`: why, where known): takes in what it had sent, ends the calls to it, tells every layer. */
  lose(id: MemberId, incarnation: number, cause?: Error): void {
    const peer = this.#peers[id];
    if (peer === undefined || peer.lost || peer.incarnation !== incarnation) return;
    peer.link?.drainAndClose();
    peer.lost = true;
    for (const family of this.#families) family?.peerLost?.(peer);
    this.#calls.rejectAllTo(peer, () => hostLost(peer, cause));
  }

  /** A lost member won't come back: waiting and new calls to it reject with PARTITION_UNAVAILABLE and the reason. */
  giveUp(id: MemberId, reason: string): void {
    this.#failed.set(id, reason);
    for (const { reject } of this.#takeConnecting(id)) reject(unavailable(id, reason));
  }

  /** Sends a call. Throws OverloadedError when too many wait. A lost peer gets nothing. */
  send(peer: Peer, message: Message, bytes: number): void {
    if (peer.link === undefined) this.#deliver(message, peer);
    else if (!peer.lost) peer.link.send(message, bytes);
  }

  /** Sends a protocol message, of about `bytes` where it holds values: never refused. A lost peer gets nothing. */
  sendProtocol(peer: Peer, message: Message, bytes?: number): void {
    if (peer.link === undefined) this.#deliver(message, peer);
    else if (!peer.lost) peer.link.sendProtocol(message, bytes);
  }

  /**
   * Sends `[opcode, requestId, ...]` (the id is filled in) and resolves with the answer. Waits for the member while
   * its thread is being replaced. Rejects with the owner's error, HOST_LOST, TIMEOUT, LINK_OVERLOADED or GRID_CLOSED.
   */
  request(to: MemberId, message: Message, bytes: number, options?: CallOptions): Promise<unknown> {
    const peer = this.tryPeer(to);
    if (peer === undefined || this.closed) return this.#requestLater(to, message, bytes, options);
    try {
      const answer = this.#calls.start(peer, options);
      // Registered before it is sent: a call to oneself is answered within.
      const requestId = this.#calls.lastId;
      message[1] = requestId;
      try {
        this.send(peer, message, bytes);
      } catch (error) {
        this.#calls.reject(requestId, error);
      }
      return answer;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * As `request`, to a member that is connected, on the protocol lane: it passes what waits for credit and is never
   * refused. For small questions that are few.
   */
  requestProtocol(peer: Peer, message: Message, options?: CallOptions): Promise<unknown> {
    try {
      if (this.closed) throw new GridClosedError('the grid is closing or closed');
      const answer = this.#calls.start(peer, options);
      message[1] = this.#calls.lastId;
      this.sendProtocol(peer, message);
      return answer;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** Tells everybody who looks that a call of this member is canceled, also who reads no messages at the moment. */
  flagCancelled(requestId: number): void {
    this.self.calls?.cancels.raise(requestId);
  }

  /** Answers a request. `value` must not change any more; a caller on this thread gets a copy. */
  reply(to: Peer, requestId: number, value: unknown): void {
    if (to === this.self) this.#calls.resolve(requestId, copyValue(value, 'value'));
    else this.#reply(to, requestId, value);
  }

  /** Answers a request with a value that is the caller's alone (already a copy). */
  replyOwned(to: Peer, requestId: number, value: unknown): void {
    if (to === this.self) this.#calls.resolve(requestId, value);
    else this.#reply(to, requestId, value);
  }

  #reply(to: Peer, requestId: number, value: unknown): void {
    if (!to.lost) to.link?.reply(requestId, value, approximateBytes(value, frameBytesMax));
  }

  /** Answers a request with an error. On this thread the caller gets the same object. */
  fail(to: Peer, requestId: number, error: unknown): void {
    if (to === this.self) this.#calls.reject(requestId, error);
    else this.sendProtocol(to, [CallOp.fail, requestId, errorToWire(error)]);
  }

  /** Resolves when the member is connected. Rejects with PARTITION_UNAVAILABLE after the time-out. */
  async whenConnected(id: MemberId, options?: CallOptions): Promise<Peer> {
    const deadline = this.clock.now() + (options?.timeoutMs ?? callTimeoutMsDefault);
    for (;;) {
      if (this.closed) throw new GridClosedError(this.#closed ? 'the grid is closed' : 'the grid is closing');
      options?.signal?.throwIfAborted();
      const peer = this.tryPeer(id);
      if (peer !== undefined) return peer;
      const reason = this.#failed.get(id);
      if (reason !== undefined) throw unavailable(id, reason);
      await this.#nextConnection(id, deadline - this.clock.now(), options?.signal);
    }
  }

  /** From now on calls are refused with GRID_CLOSED, but for those of work that has begun. */
  stopAccepting(): void {
    this.work.stopAccepting();
    if (!this.closed) return;
    this.#wakeConnecting();
  }

  /** Resolves when no call of this member waits for its answer and no work of it is open. */
  async idle(): Promise<void> {
    while (this.#calls.size > 0 || this.work.count > 0) {
      await this.work.idle();
      await this.#calls.idle();
    }
  }

  /** Ends every waiting call with GRID_CLOSED and closes the links. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#calls.close();
    this.#wakeConnecting();
    this.flusher.flushNow();
    for (const peer of this.#peers) peer?.link?.close();
    for (const family of this.#families) family?.closed?.();
  }

  /** Ends as the death of its thread would: nothing more is sent or taken in, and nobody here is told. */
  halt(): void {
    this.#closed = true;
    for (const peer of this.#peers) peer?.link?.close();
  }

  async #requestLater(
    to: MemberId,
    message: Message,
    bytes: number,
    options?: CallOptions,
  ): Promise<unknown> {
    const startedMs = this.clock.now();
    await this.whenConnected(to, options);
    return this.request(to, message, bytes, afterWaiting(options, this.clock.now() - startedMs));
  }

  async #nextConnection(id: MemberId, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = withResolvers();
    const connecting: Connecting = { resolve, reject };
    const waiting = this.#connected.get(id) ?? new Set();
    this.#connected.set(id, waiting.add(connecting));
    const timer = Number.isFinite(waitMs)
      ? this.clock.after(Math.min(Math.max(0, waitMs), timerMsMax), () => reject(unavailable(id)))
      : undefined;
    const unlisten = signal && onAbort(signal, () => reject(signal.reason));
    try {
      await promise;
    } finally {
      this.clock.cancel(timer);
      unlisten?.();
      waiting.delete(connecting);
    }
  }

  /** Lets every call that waits for a connection look again at how things stand. */
  #wakeConnecting(): void {
    for (const id of this.#connected.keys()) for (const { resolve } of this.#takeConnecting(id)) resolve();
  }

  #takeConnecting(id: MemberId): Iterable<Connecting> {
    const waiting = this.#connected.get(id);
    this.#connected.delete(id);
    return waiting === undefined ? [] : [...waiting];
  }

  #deliver(message: Message, from: Peer): void {
    const family = this.#families[familyOf(message[0] as number)];
    if (family === undefined)
      throw new InvariantError(`a message of an unknown family arrived: ${String(message[0])}`);
    family.receive(message, from);
  }

  #resolveAll(requestIds: readonly number[], values: readonly unknown[]): void {
    for (let i = 0; i < requestIds.length; i++) this.#calls.resolve(requestIds[i] as number, values[i]);
  }

  #receiveCall(message: Message, from: Peer): void {
    const requestId = message[1] as number;
    switch (message[0]) {
      case CallOp.replies:
        this.#resolveAll(message[1] as number[], message[2] as unknown[]);
        break;
      case CallOp.fail:
        this.#calls.reject(requestId, errorFromWire(message[2] as unknown[], this.errors));
        break;
      case CallOp.cancel:
        for (const family of this.#families) family?.cancelled?.(requestId, from);
        break;
      default:
        throw new InvariantError(`an unknown call message arrived: ${String(message[0])}`);
    }
  }
}

/** A call that waits until its member is connected. */
interface Connecting {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Options for what is left of a call after it has waited. */
function afterWaiting(options: CallOptions | undefined, waitedMs: number): CallOptions | undefined {
  if (options?.timeoutMs === undefined) return options;
  return { ...options, timeoutMs: Math.max(0, options.timeoutMs - waitedMs) };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (reason: unknown) => void } {
  let resolve: () => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

function hostLost(peer: Peer, cause: Error | undefined): HostLostError {
  return new HostLostError(
    `the thread of host ${peer.id - 1} ended before it answered; what the call had changed there is gone with its memory, what it had changed on other hosts stays`,
    {
      details: { host: peer.id - 1, incarnation: peer.incarnation },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function unavailable(id: MemberId, reason?: string): PartitionUnavailableError {
  const host = id - 1;
  return new PartitionUnavailableError(
    reason === undefined
      ? `host ${host} is being started again and was not ready in time`
      : `host ${host} does not run any more: ${reason}`,
    { details: reason === undefined ? { host } : { host, reason } },
  );
}
