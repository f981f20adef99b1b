/**
 * The states of actors that are not active: records of their partition, packed, by type and key. A state leaves when its
 * actor is activated, so there is one of each, here or live.
 */
import type { FrameCodec, Packed } from '../codec/frame.ts';
import type { StorageKey } from '../key/key.ts';
import type { ActorType } from './actor-type.ts';
import { copyOfState } from './readonly-state.ts';

export class PassiveStates {
  readonly #codec: FrameCodec;
  readonly #byType: (Map<StorageKey, Packed> | undefined)[] = [];

  constructor(codec: FrameCodec) {
    this.#codec = codec;
  }

  /** Keeps the state. Throws ValueNotSupportedError when it isn't data. */
  keep(type: ActorType, key: StorageKey, state: unknown): void {
    const copy = copyOfState(state, type, 'so this actor stays active');
    this.#byType[type.id] ??= new Map();
    this.#byType[type.id]?.set(key, this.#codec.encode([[copy]]));
  }

  /** Takes the state out; undefined: there is none. */
  take(type: ActorType, key: StorageKey): { readonly state: unknown } | undefined {
    const states = this.#byType[type.id];
    const packed = states?.get(key);
    if (packed === undefined) return undefined;
    states?.delete(key);
    return { state: this.#codec.decode(packed)[0]?.[0] };
  }

  /** How many actors of a type are kept. */
  count(type: ActorType): number {
    return this.#byType[type.id]?.size ?? 0;
  }
}
