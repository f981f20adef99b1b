/**
 * Tells of what supervision has decided: on the channel `troupe.actor` of the actor's thread, and of what escalates to
 * the service.
 */

import type { FailurePhase } from '../../definition/supervision-options.ts';
import { errorFromWire, errorToWire } from '../../errors/error-codec.ts';
import { fromStorageKey, type Key, type StorageKey } from '../../key/key.ts';
import type { Message } from '../../link/outbox.ts';
import type { Member } from '../../mesh/member.ts';
import type { ActorTypes } from '../actor-type.ts';
import type { Activation } from '../life/activation.ts';
import { ActorOp } from '../messages.ts';
import { eventOf, publishActorEvent } from './actor-events.ts';
import type { Fate } from './actor-supervisor.ts';

/** An actor has failed, and its supervision has escalated that. The actor was stopped. */
export interface ActorFailed {
  readonly actor: string;
  readonly key: Key;
  /** The host it lived on. */
  readonly host: number;
  readonly phase: FailurePhase;
  /** Empty where the phase is `activate` or `deactivate`. */
  readonly method: string;
  readonly error: unknown;
}

/** The service's thread. */
const serviceMember = 0;
/** About what a notice takes. */
const noticeBytes = 1_024;

export class FailureNotices {
  readonly #member: Member;
  readonly #types: ActorTypes;
  #listener: ((failed: ActorFailed) => void) | undefined;

  constructor(member: Member, types: ActorTypes) {
    this.#member = member;
    this.#types = types;
  }

  /** Calls the listener for whatever escalates. At the service's member. */
  listen(listener: (failed: ActorFailed) => void): void {
    this.#listener = listener;
  }

  judged({ type, key }: Activation, fate: Fate): void {
    const event = ({ restart: 'restarted', stop: 'stopped', escalate: 'escalated' } as const)[
      fate.action as 'restart' | 'stop' | 'escalate'
    ];
    const method = type.methodNames.indexOf(fate.method);
    publishActorEvent(() => eventOf(event, type, key, method, fate.error));
    if (fate.action !== 'escalate') return;
    const peer = this.#member.tryPeer(serviceMember);
    if (peer === undefined) return;
    const { phase, error } = fate;
    this.#member.sendProtocol(
      peer,
      [ActorOp.escalated, 0, type.id, key, phase, fate.method, errorToWire(error)],
      noticeBytes,
    );
  }

  receive(message: Message, host: number): void {
    const { definition } = this.#types.mustGet(message[2] as number);
    this.#listener?.({
      actor: definition.name,
      key: fromStorageKey(message[3] as StorageKey),
      host,
      phase: message[4] as FailurePhase,
      method: message[5] as string,
      error: errorFromWire(message[6] as unknown[], this.#member.errors),
    });
  }
}
