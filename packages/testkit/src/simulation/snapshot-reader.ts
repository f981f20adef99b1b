/** Reads at a snapshot as a client does them: keys one after another, or a walk over a table. */
import { TableOp } from '@troupe/core';
import type { ListAppendMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { GridMember } from './grid-member.ts';
import { clearedTable, tableCount } from './key-space.ts';
import type { OperationRecord } from './operation-record.ts';
import { type CallAnswer, entriesOf } from './table-server.ts';
import { sleep, type Task, until } from './task.ts';
import type { World } from './world.ts';

type List = readonly number[];

export class SnapshotReader {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #random: SeededRandom;
  readonly #mops: ListAppendMop[] = [];
  readonly #incarnations = new Map<string, number>();

  constructor(world: World, member: GridMember, random: SeededRandom) {
    this.#world = world;
    this.#member = member;
    this.#random = random;
  }

  /** Reads some keys, or everything in a table, and writes it down. */
  *read(record: OperationRecord, what: 'keys' | 'table'): Task {
    const snapshot = this.#member.snapshots.acquire();
    const isWhole = yield* what === 'keys'
      ? this.#readKeys(snapshot.timestamp)
      : this.#readTable(snapshot.timestamp);
    snapshot.release();
    if (!isWhole) {
      record.fail();
      return;
    }
    this.#world.counters.snapshots += 1;
    record.ok(this.#mops, (key) => this.#incarnations.get(key) ?? 0, snapshot.timestamp);
  }

  *#readKeys(snapshot: number): Task<boolean> {
    const { keys, workload, shape } = this.#world;
    const drawn = [...workload.next(), ...workload.next()]
      .filter(([name]) => name === 'r')
      .map(([, key]) => key);
    const clearable = this.#random.chance(0.3) ? [this.#random.pick(keys.clearable)] : [];
    for (const key of new Set([...drawn, ...keys.recentFreshKeys(4), ...clearable])) {
      const isClearable = keys.tableOf(key) === clearedTable;
      const wanted = isClearable ? [keys.markerOf(key), key] : [key];
      const lists: List[] = [];
      for (const one of wanted) {
        const partition = keys.partitionOf(one);
        const message = [TableOp.read, 0, 0, 0, keys.tableOf(one), snapshot, [one]];
        const { answer, incarnation } = yield* this.#call(partition, message);
        if (answer.kind !== 'answered') return this.#countTooOld(answer);
        const list = (answer.value as List[])[0] ?? [];
        this.#note(lists.length === 0 ? one : keys.inGeneration(one, lists[0] ?? []), list, incarnation);
        lists.push(list);
      }
      const pause = shape.thinkDelay / 2;
      if (pause > 0)
        yield* sleep(this.#member.context.clock, this.#random.next() * 2 * this.#world.delay(pause));
    }
    return true;
  }

  *#readTable(snapshot: number): Task<boolean> {
    const { keys, workload, shape } = this.#world;
    const table = this.#random.integer(0, tableCount - 1);
    const known = [[...workload.keys], [...keys.recentFreshKeys(20)], [...keys.clearable]][table] ?? [];
    for (let partition = 0; partition < shape.partitions; partition++) {
      let marker: List = [];
      if (table === clearedTable) {
        const key = keys.markers[partition] ?? '';
        const read = yield* this.#call(partition, [TableOp.read, 0, 0, 0, 0, snapshot, [key]]);
        if (read.answer.kind !== 'answered') return this.#countTooOld(read.answer);
        marker = (read.answer.value as List[])[0] ?? [];
        this.#note(key, marker, read.incarnation);
      }
      const message = [TableOp.scan, 0, 0, 0, table, snapshot];
      const { answer, incarnation } = yield* this.#call(partition, message);
      if (answer.kind !== 'answered') return this.#countTooOld(answer);
      const found = new Map(entriesOf(answer));
      for (const key of known) {
        if (keys.partitionOf(key) !== partition) continue;
        const name = table === clearedTable ? keys.inGeneration(key, marker) : key;
        this.#note(name, found.get(key) ?? [], incarnation);
      }
    }
    return true;
  }

  #note(name: string, list: List, incarnation: number): void {
    this.#mops.push(['r', name, list]);
    this.#incarnations.set(name, incarnation);
  }

  #countTooOld(answer: CallAnswer): false {
    if (answer.kind === 'too-old') this.#world.counters.snapshotsTooOld += 1;
    return false;
  }

  *#call(partition: number, message: unknown[]): Task<{ answer: CallAnswer; incarnation: number }> {
    yield* this.#member.connected(partition);
    let incarnation = 0;
    const answer = yield* until<CallAnswer>((resume) => {
      incarnation = this.#member.call(partition, message, resume);
    });
    return { answer, incarnation };
  }
}
