/**
 * A message in the mailbox of one actor, and the turn it becomes: which method, with what, who waits for the answer,
 * whose turns led to it, and what it waits for itself.
 */
import { type Listed, UnorderedList } from '../../collection/unordered-list.ts';
import { contextOfMessage } from '../../context/request-context.ts';
import type { StorageKey } from '../../key/key.ts';
import type { Message } from '../../link/outbox.ts';
import type { Peer } from '../../mesh/peer.ts';
import type { MemberId } from '../../mesh/shared-state.ts';
import type { ActorType } from '../actor-type.ts';
import type { CallPath, TurnId } from '../call/call-path.ts';
import type { OwnContext } from '../life/actor-context.ts';
import type { ActorStream } from '../turn/actor-stream.ts';
import type { MailboxItem } from './mailbox.ts';
import { ObservedTurn } from './observed-turn.ts';

/** The request id of a tell. */
export const noRequest = 0;

/** Where a letter is at home. */
export interface LetterHome {
  readonly type: ActorType;
  readonly key: StorageKey;
  /** The turns that are under way there. */
  readonly openTurns: readonly Letter[];
  /** Messages in the mailbox. */
  readonly waiting: number;
  /** Takes the letter, which waits there, out of the mailbox. */
  giveUp(letter: Letter): void;
}

/** An ask that a turn has made and that is not answered yet. */
export interface OpenAsk extends Listed {
  /** The member that made it. */
  readonly caller: MemberId;
  readonly requestId: number;
  /** The member that owns the actor. */
  readonly owner: MemberId;
}

/**
 * `sent`: just arrived. `waiting`: its caller may still give up. `running`: its turn is under way. `ended`: it is over,
 * or has left the mailbox; or a stream between two steps.
 */
export type LetterPlace = 'sent' | 'waiting' | 'running' | 'ended';

export class Letter implements MailboxItem<Letter> {
  previous: Letter | undefined = undefined;
  next: Letter | undefined = undefined;
  urgent = false;
  place: LetterPlace = 'sent';
  readonly from: Peer;
  /** `noRequest` when nobody waits. Of a tell whose sender waits until it is in the mailbox, until then. */
  requestId: number;
  readonly method: number;
  /** The actor's alone. */
  args: readonly unknown[];
  readonly home: LetterHome;
  readonly readonly: boolean;
  /** The turns that wait for it, outermost first; undefined when no actor does. */
  readonly path: CallPath | undefined;
  /** It waits before a mailbox that is full. */
  inLine = false;
  /** A tell in that line, whose sender is told when it is in the mailbox. */
  tellWaits = false;
  /** It is kept in the book of open asks. */
  listed = false;
  /** What most messages do without. */
  delivery: Delivery | undefined = undefined;
  /** What most turns do without. */
  turn: TurnRecord | undefined = undefined;
  /** Of those that somebody looks at, or that were sent in the context of a request. */
  observed: ObservedTurn | undefined = undefined;

  constructor(
    from: Peer,
    requestId: number,
    method: number,
    args: readonly unknown[],
    home: LetterHome,
    isReadonly: boolean,
    path: CallPath | undefined,
  ) {
    this.from = from;
    this.requestId = requestId;
    this.method = method;
    this.args = args;
    this.home = home;
    this.readonly = isReadonly;
    this.path = path;
  }

  get turnId(): TurnId {
    return this.turn === undefined ? 0 : this.turn.id;
  }

  /** Its record for those who look at it, made when it is first needed. */
  observe(): ObservedTurn {
    this.observed ??= new ObservedTurn();
    return this.observed;
  }

  /** In no order. */
  get asks(): readonly OpenAsk[] {
    return this.turn === undefined ? noAsks : this.turn.asks.all();
  }

  /** Its record, made when it is first needed. */
  record(): TurnRecord {
    this.turn ??= new TurnRecord();
    return this.turn;
  }

  /** Nobody waits for the answer any more. The method may see it in `ctx.signal`. */
  abandon(reason: Error): void {
    const record = this.record();
    record.abandoned = reason;
    record.controller?.abort(reason);
    record.stream?.stop();
  }
}

/** Of a message that nobody waits for: where it comes from, and how often it was delivered. */
export class Delivery {
  readonly phase: 'handle' | 'timer';
  attempts = 0;
  /** The arguments as they were sent, where the message may be delivered again. */
  args: readonly unknown[] | undefined = undefined;
  /** Called when it has been handled, or never will be. */
  readonly ended: (() => void) | undefined;

  constructor(phase: 'handle' | 'timer', ended?: () => void) {
    this.phase = phase;
    this.ended = ended;
  }
}

/** The letter of an `ask`, a `tell` or a `tellWaiting`. */
export function letterOf(message: Message, from: Peer, home: LetterHome): Letter {
  const method = message[6] as number;
  const args = message[7] as readonly unknown[];
  const path = message[8] as CallPath | undefined;
  const letter = new Letter(
    from,
    message[1] as number,
    method,
    args,
    home,
    home.type.isReadonly(method),
    path,
  );
  const context = message[9];
  if (context !== undefined) letter.observe().context = contextOfMessage(context);
  return letter;
}

/** What a turn needs that goes on beside others, calls others, or is given up. */
export class TurnRecord {
  /** What the method got first, where that isn't the actor's own context. */
  context: OwnContext | undefined = undefined;
  /** How often it was looked at whether it waits in a circle. */
  looks = 0;
  /** Names the turn in the paths of the calls it makes; drawn at the first. */
  id: TurnId = 0;
  /** The path of the calls it makes. */
  path: CallPath | undefined = undefined;
  /** Of a turn that asks many at once, each must be found at once when it is answered. */
  readonly asks = new UnorderedList<OpenAsk>();
  /** The stream that it answers with. */
  stream: ActorStream | undefined = undefined;
  /** Told when nobody waits for the turn any more; made when the method asks for it. */
  controller: AbortController | undefined = undefined;
  /** Why nobody waits for it any more. */
  abandoned: Error | undefined = undefined;
}

const noAsks: readonly OpenAsk[] = [];
