/**
 * Looks at the calls that wait in mailboxes of this thread for a circle, and carries the probes between threads. Only
 * calls that turns have made are looked at: nobody waits for the others in an actor. Without any there is no timer.
 */
import type { StorageKey } from '../../key/key.ts';
import { cycleLookMs } from '../../limits.ts';
import type { Message } from '../../link/outbox.ts';
import type { Member } from '../../mesh/member.ts';
import type { MemberId } from '../../mesh/shared-state.ts';
import type { ActorTypes } from '../actor-type.ts';
import { callerOf, isOnPath, type PathStep } from '../call/call-path.ts';
import type { FanOuts } from '../mail/fan-out.ts';
import type { Letter } from '../mail/letter.ts';
import type { OpenAsks } from '../mail/open-asks.ts';
import { awaitCycle } from '../mail/refusals.ts';
import { ActorOp } from '../messages.ts';
import type { ActorPorts } from './actor-ports.ts';
import { type CallName, CycleSearch, type HoldingTurn, type Probe, type SeenCall } from './cycle-search.ts';

export interface CycleWatchParts {
  readonly member: Member;
  readonly types: ActorTypes;
  readonly asks: OpenAsks;
  readonly fanOuts: FanOuts;
  readonly ports: Pick<ActorPorts, 'every'>;
  /** The letter, which waits, is rejected. */
  reject(letter: Letter, error: Error): void;
}

export class CycleWatch {
  readonly #parts: CycleWatchParts;
  readonly #search: CycleSearch;
  #stop: (() => void) | undefined;

  constructor(parts: CycleWatchParts) {
    this.#parts = parts;
    this.#search = new CycleSearch({
      look: (call) => this.#look(call),
      send: (owner, probe) => this.#send(owner, probe),
      found: (call, steps) => this.#found(call, steps),
    });
  }

  /** A call that a turn has made waits, and is among the open asks. */
  begin(): void {
    this.#stop ??= this.#parts.ports.every(cycleLookMs, () => this.#lookAtAll());
  }

  receive(message: Message): void {
    this.#search.receive(probeOf(message));
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #lookAtAll(): void {
    let isAnyWaiting = false;
    for (const letter of this.#parts.asks.all()) {
      if (letter.path === undefined || letter.place !== 'waiting') continue;
      isAnyWaiting = true;
      if (isPowerOfTwo(++letter.record().looks)) this.#search.start(nameOf(letter));
    }
    if (!isAnyWaiting) this.close();
  }

  #look({ caller, requestId }: CallName): SeenCall | undefined {
    const { member, asks, fanOuts } = this.#parts;
    const peer = member.tryPeer(caller);
    if (peer === undefined) return undefined;
    const letter = asks.get(peer, requestId);
    if (letter === undefined) {
      const further = fanOuts.asksOf(peer, requestId);
      return further === undefined ? undefined : { kind: 'passed-on', asks: further };
    }
    // A stream between two steps waits for its reader.
    if (letter.place === 'ended') return undefined;
    if (letter.place === 'running') return { kind: 'running', turn: this.#holding(letter) };
    const holders = letter.home.openTurns.filter((turn) => !isOnPath(turn.turnId, letter.path));
    return {
      kind: 'waiting',
      step: this.#stepOf(letter),
      rank: callerOf(letter.path),
      holders: holders.map((turn) => this.#holding(turn)),
    };
  }

  #holding(turn: Letter): HoldingTurn {
    return { step: this.#stepOf(turn), asks: turn.asks };
  }

  #stepOf(letter: Letter): PathStep {
    const { turnId, method, home } = letter;
    return { turn: turnId, actor: home.type.id, key: home.key, method };
  }

  #send(owner: MemberId, probe: Probe): void {
    const { member } = this.#parts;
    const peer = member.tryPeer(owner);
    if (peer !== undefined) member.sendProtocol(peer, messageOf(probe));
  }

  #found({ caller, requestId }: CallName, steps: readonly PathStep[]): void {
    const { member, asks, types } = this.#parts;
    const peer = member.tryPeer(caller);
    const letter = peer === undefined ? undefined : asks.get(peer, requestId);
    if (letter?.place === 'waiting') this.#parts.reject(letter, awaitCycle(types, steps));
  }
}

function nameOf(letter: Letter): CallName {
  return { caller: letter.from.id, requestId: letter.requestId };
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function messageOf({ call, origin, rank, steps }: Probe): Message {
  const way = steps.flatMap(({ turn, actor, key, method }) => [turn, actor, key, method]);
  return [ActorOp.probe, 0, call.caller, call.requestId, origin.caller, origin.requestId, rank, way];
}

function probeOf(message: Message): Probe {
  const [caller, requestId, originCaller, originRequest, rank] = message.slice(2) as number[];
  const way = message[7] as readonly unknown[];
  const steps: PathStep[] = [];
  for (let i = 0; i < way.length; i += 4) {
    const [turn, actor, key, method] = way.slice(i) as [number, number, StorageKey, number];
    steps.push({ turn, actor, key, method });
  }
  return {
    call: { caller: caller as number, requestId: requestId as number },
    origin: { caller: originCaller as number, requestId: originRequest as number },
    rank: rank as number,
    steps,
  };
}
