/**
 * What a thread counts of its actors. Counting is part of every message, so it is additions in a typed array. The clock
 * is looked at for a thread's first thousand messages, then for one in 64: two looks would be a visible part of the
 * smallest turns.
 */
import type { ActorType } from '../actor/actor-type.ts';
import { fromStorageKey, type StorageKey } from '../key/key.ts';
import { hotKeysCounted, hotKeysListed } from '../limits.ts';
import { Histogram } from './histogram.ts';
import { HotKeys } from './hot-keys.ts';
import type { HotKey } from './thread-metrics.ts';

/** What travels between members. */
export interface RawActorMetrics {
  readonly counts: readonly number[];
  readonly waits: readonly number[];
  readonly turns: readonly number[];
  readonly ahead: readonly number[];
  readonly hotKeys: readonly HotKey[];
}

export const ActorCounter = { messages: 0, activated: 1, deactivated: 2, restarted: 3 } as const;
const counters = 4;

const measuredAlways = 1024;
const measuredOneIn = 64;
const microsecondMs = 0.001;

export class ActorMeter {
  readonly #counts = new Float64Array(counters);
  /** Messages from now to the next that is measured. A remainder of the count would be one of floating point. */
  #untilMeasured = 1;
  readonly #waits = new Histogram(microsecondMs);
  readonly #turns = new Histogram(microsecondMs);
  readonly #ahead = new Histogram(1);
  /** By type; undefined when nobody wants to know. */
  readonly #hotKeys: Map<ActorType, HotKeys> | undefined;

  constructor(countsKeys: 'counts-keys' | 'no-keys') {
    this.#hotKeys = countsKeys === 'counts-keys' ? new Map<ActorType, HotKeys>() : undefined;
  }

  /** A message has arrived. True: its times are to be measured. */
  arrived(type: ActorType, key: StorageKey): boolean {
    const messages = this.#add(ActorCounter.messages);
    if (this.#hotKeys !== undefined) this.#keysOf(this.#hotKeys, type).count(key);
    if (--this.#untilMeasured > 0) return false;
    this.#untilMeasured = messages < measuredAlways ? 1 : measuredOneIn;
    return true;
  }

  turnEnded(waitMs: number, turnMs: number, ahead: number): void {
    this.#waits.record(waitMs);
    this.#turns.record(turnMs);
    this.#ahead.record(ahead);
  }

  activated(): void {
    this.#add(ActorCounter.activated);
  }

  deactivated(): void {
    this.#add(ActorCounter.deactivated);
  }

  restarted(): void {
    this.#add(ActorCounter.restarted);
  }

  raw(): RawActorMetrics {
    return {
      counts: Array.from(this.#counts),
      waits: this.#waits.cells(),
      turns: this.#turns.cells(),
      ahead: this.#ahead.cells(),
      hotKeys: this.#hottest(),
    };
  }

  #keysOf(all: Map<ActorType, HotKeys>, type: ActorType): HotKeys {
    let keys = all.get(type);
    if (keys === undefined) {
      keys = new HotKeys(hotKeysCounted);
      all.set(type, keys);
    }
    return keys;
  }

  #hottest(): HotKey[] {
    const rows: HotKey[] = [];
    for (const [{ definition }, keys] of this.#hotKeys ?? [])
      for (const { key, count, error } of keys.top(hotKeysListed))
        rows.push({ actor: definition.name, key: fromStorageKey(key), count, error });
    return rows.sort((a, b) => b.count - a.count).slice(0, hotKeysListed);
  }

  #add(counter: number): number {
    const count = (this.#counts[counter] as number) + 1;
    this.#counts[counter] = count;
    return count;
  }
}
