/**
 * A store that is right by construction, as a source of clean histories: transactions of several processes
 * overlap in time, each takes effect at one moment between its invocation and its completion. Some fail,
 * some end unknown and take effect later or never. Two partitions may be cleared, also at one moment.
 */

import {
  History,
  type ListAppendMop,
  ListAppendWorkload,
  type OpenOperation,
  type RecordedOperation,
  recordedKey,
  type SeededRandom,
} from '@troupe/testkit';

export interface ExecutorOptions {
  readonly operations: number;
  readonly processes: number;
  readonly clears: 'none' | 'some';
}

interface Running {
  readonly mops: readonly ListAppendMop[];
  readonly open: OpenOperation<ListAppendMop>;
  readonly generations: string;
  result: readonly ListAppendMop[] | 'refused' | undefined;
}

export class SerialExecutor {
  readonly #random: SeededRandom;
  readonly #options: ExecutorOptions;
  readonly #workload: ListAppendWorkload;
  readonly #history = new History<ListAppendMop>();
  readonly #lists = new Map<string, readonly number[]>();
  readonly #generations = new Map([
    ['p', 1],
    ['q', 1],
  ]);
  readonly #running = new Map<string, Running>();
  #ghosts: Running[] = [];
  #clearing: { partition: string; open: OpenOperation<ListAppendMop>; isApplied: boolean } | undefined;

  constructor(random: SeededRandom, options: ExecutorOptions) {
    this.#random = random;
    this.#options = options;
    this.#workload = new ListAppendWorkload(random.fork('workload'), { liveKeys: 5, appendsPerKeyMax: 60 });
  }

  run(): readonly RecordedOperation<ListAppendMop>[] {
    let invoked = 0;
    while (invoked < this.#options.operations || this.#running.size > 0) {
      const process = `c${this.#random.integer(1, this.#options.processes)}`;
      const running = this.#running.get(process);
      if (running !== undefined) this.#goOn(process, running);
      else if (invoked++ < this.#options.operations) this.#invoke(process, this.#workload.next());
      if (this.#options.clears === 'some') this.#maybeClear();
      if (this.#random.chance(0.1)) this.#applyGhost();
    }
    for (const key of this.#workload.keys) {
      this.#invoke('reader', [['r', key, undefined]]);
      this.#apply(this.#running.get('reader') as Running);
      this.#complete('reader', this.#running.get('reader') as Running);
    }
    return this.#history.operations;
  }

  #invoke(process: string, plain: readonly ListAppendMop[]): void {
    const mops = plain.map((mop): ListAppendMop => {
      if (mop[0] === 'clear') return mop;
      const key = this.#recorded(mop[1]);
      return mop[0] === 'append' ? ['append', key, mop[2]] : ['r', key, undefined];
    });
    const open = this.#history.record(process).invoke(mops);
    const generations = JSON.stringify([...this.#generations]);
    this.#running.set(process, { mops, open, generations, result: undefined });
  }

  #goOn(process: string, running: Running): void {
    if (running.result !== undefined) this.#complete(process, running);
    else if (this.#random.chance(0.9)) this.#apply(running);
    else if (this.#random.chance(0.5)) running.result = 'refused';
    else {
      this.#running.delete(process);
      running.open.info();
      this.#ghosts.push(running);
    }
  }

  #apply(running: Running): void {
    if (running.generations !== JSON.stringify([...this.#generations])) {
      running.result = 'refused';
      return;
    }
    running.result = running.mops.map((mop): ListAppendMop => {
      if (mop[0] === 'clear') return mop;
      const list = this.#lists.get(mop[1]) ?? [];
      if (mop[0] === 'r') return ['r', mop[1], list];
      this.#lists.set(mop[1], [...list, mop[2]]);
      return mop;
    });
  }

  #applyGhost(): void {
    const [ghost, ...rest] = this.#random.shuffle(this.#ghosts);
    if (ghost !== undefined && this.#random.chance(0.7)) this.#apply(ghost);
    this.#ghosts = rest;
  }

  #complete(process: string, { open, result }: Running): void {
    this.#running.delete(process);
    if (result === 'refused') open.fail();
    else if (result !== undefined && this.#random.chance(0.95)) open.ok(result);
    else open.info();
  }

  #maybeClear(): void {
    if (this.#clearing === undefined) {
      if (!this.#random.chance(0.02)) return;
      const partition = this.#random.pick(['p', 'q']);
      const generation = this.#generations.get(partition) as number;
      const open = this.#history.record(`partition ${partition}`).invoke([['clear', partition, generation]]);
      this.#clearing = { partition, open, isApplied: false };
    } else if (this.#random.chance(0.3)) {
      const { partition, open, isApplied } = this.#clearing;
      const generation = this.#generations.get(partition) as number;
      if (isApplied) {
        open.ok([['clear', partition, generation - 1]]);
        this.#clearing = undefined;
      } else {
        this.#generations.set(partition, generation + 1);
        this.#clearing.isApplied = true;
      }
    }
  }

  #recorded(key: string): string {
    if (this.#options.clears === 'none') return key;
    const partition = key.length % 2 === 0 ? 'p' : 'q';
    return recordedKey({ key, partition, generation: this.#generations.get(partition) as number });
  }
}
