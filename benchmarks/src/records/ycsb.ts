/** The core workloads of YCSB: `keyCount` records, drawn by Zipf's law, of which some are read and some are changed. */
import { drawsOf } from '../measuring/draws.ts';
import { measurePipelined } from '../measuring/pipelined.ts';
import type { Params, Sample } from '../scenario.ts';
import { mustEqual } from '../subjects/entries.ts';
import { openRecords, type RecordStoreName } from './open-records.ts';
import {
  fieldNames,
  indexOf,
  keyOf,
  mustBeRecord,
  type RecordStore,
  recordOf,
  textOf,
} from './record-store.ts';

export type YcsbLetter = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

type Kind = 'read' | 'readLatest' | 'update' | 'insert' | 'scan' | 'modify';

/** What is done mostly, how often in 100, and what else. */
const mixes: Record<YcsbLetter, readonly [mostly: Kind, percent: number, else_: Kind]> = {
  A: ['read', 50, 'update'],
  B: ['read', 95, 'update'],
  C: ['read', 100, 'update'],
  D: ['readLatest', 95, 'insert'],
  E: ['scan', 95, 'insert'],
  F: ['read', 50, 'modify'],
};

const scanLengthMax = 100;
/** Spreads the popular records over the table, as YCSB does by hashing. Prime. */
const stride = 7_368_787;

export async function measureYcsb(
  letter: YcsbLetter,
  name: RecordStoreName,
  params: Params,
): Promise<Sample> {
  const store = await openRecords(name, params);
  try {
    const { keyCount } = params;
    await store.load(firstRecords(keyCount));
    const client = new YcsbClient(store, letter, params);
    const sample = await measurePipelined({ call: (n) => client.step(n), check: () => undefined }, params);
    mustEqual(await store.size(), keyCount + client.inserted, 'the number of records');
    return sample;
  } finally {
    await store.close();
  }
}

function* firstRecords(count: number) {
  for (let index = 0; index < count; index++) {
    const key = keyOf(index);
    yield [key, recordOf(key)] as const;
  }
}

class YcsbClient {
  readonly #store: RecordStore;
  readonly #mix: (typeof mixes)[YcsbLetter];
  readonly #draw: () => number;
  readonly #keyCount: number;
  /** Inserts begun, and those answered. Newer records may be read only once all before them are there. */
  #begun = 0;
  inserted = 0;

  constructor(store: RecordStore, letter: YcsbLetter, params: Params) {
    this.#store = store;
    this.#mix = mixes[letter];
    this.#keyCount = params.keyCount;
    this.#draw = drawsOf(params.keyCount, params);
  }

  async step(n: number): Promise<void> {
    const [mostly, percent, otherwise] = this.#mix;
    const kind = Math.random() * 100 < percent ? mostly : otherwise;
    const drawn = this.#draw();
    const key = keyOf((drawn * stride) % this.#keyCount);
    const field = fieldNames[n % fieldNames.length] as string;
    switch (kind) {
      case 'read':
        mustBeRecord(await this.#store.read(key), key);
        return;
      case 'readLatest':
        return this.#readLatest(drawn);
      case 'update':
        await this.#store.update(key, field, textOf(key, n));
        return;
      case 'modify':
        await this.#store.modify(key, field, textOf(key, n));
        return;
      case 'insert':
        return this.#insert();
      case 'scan':
        return this.#scan(key);
      default:
        kind satisfies never;
    }
  }

  async #readLatest(drawn: number): Promise<void> {
    // With 64 in flight the last 64 inserts may still be on their way.
    const newest = this.#keyCount + Math.max(0, this.#begun - 1_000);
    const key = keyOf(Math.max(0, newest - 1 - drawn));
    mustBeRecord(await this.#store.read(key), key);
  }

  async #insert(): Promise<void> {
    const key = keyOf(this.#keyCount + this.#begun++);
    await this.#store.insert(key, recordOf(key));
    this.inserted++;
  }

  async #scan(from: string): Promise<void> {
    const count = 1 + Math.floor(Math.random() * scanLengthMax);
    const found = await this.#store.scan(from, count);
    const [first] = found;
    mustBeRecord(first, from);
    const following = this.#keyCount - indexOf(from);
    if (found.length < Math.min(count, following) || found.length > count) {
      throw new Error(`a scan of ${count} records from ${from} found ${found.length}`);
    }
  }
}
