/**
 * A disk and a store that lose what was not flushed. Of what was under way when the power went each sector of 512 bytes is
 * there or not, for itself; names of files likewise. Any call may be made to fail, or be the last one before the crash.
 */

import type { OrderedStore, StoreEntry, StoreRange } from '../dist/checkpoint/ordered-store.js';
import type { LogFile, LogFiles } from '../dist/log/log-files.js';

export type Chance = () => number;

/** Decides over a call: passes, throws, or never returns. */
export type CallHook = (call: string) => Promise<void>;

const sectorBytes = 512;
const never = (): Promise<void> => new Promise(() => undefined);

interface SimulatedFile {
  current: Buffer;
  synced: Buffer;
  /** Sectors that the next flush writes. A flush that fails forgets them, as Linux does. */
  dirty: Set<number>;
}

export class SimulatedDisk implements LogFiles {
  files = new Map<string, SimulatedFile>();
  #durableNames = new Map<string, SimulatedFile>();
  hook: CallHook = () => Promise.resolve();
  free = Number.POSITIVE_INFINITY;
  /** What a write may still take: beyond it ENOSPC, after a part of it was written. */
  capacity = Number.POSITIVE_INFINITY;

  async list(): Promise<readonly string[]> {
    await this.hook('list');
    return [...this.files.keys()];
  }

  async read(name: string): Promise<Uint8Array> {
    await this.hook('read');
    return Buffer.from(this.#must(name).current);
  }

  async create(name: string): Promise<LogFile> {
    await this.hook('create');
    if (this.files.has(name)) throw Object.assign(new Error(`${name} exists`), { code: 'EEXIST' });
    const file = { current: Buffer.alloc(0), synced: Buffer.alloc(0), dirty: new Set<number>() };
    this.files.set(name, file);
    return this.#handle(file);
  }

  async open(name: string): Promise<LogFile> {
    await this.hook('open');
    return this.#handle(this.#must(name));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.hook('rename');
    this.files.set(to, this.#must(from));
    this.files.delete(from);
  }

  async remove(name: string): Promise<void> {
    await this.hook('remove');
    this.#must(name);
    this.files.delete(name);
  }

  async syncFolder(): Promise<void> {
    await this.hook('syncFolder');
    this.#durableNames = new Map(this.files);
  }

  async freeBytes(): Promise<number> {
    await this.hook('freeBytes');
    return this.free;
  }

  /** What the next process finds. This one's calls never return any more. `how`: of the process, or of the machine. */
  crashed(how: 'kill' | 'power', chance: Chance): SimulatedDisk {
    this.hook = never;
    const disk = new SimulatedDisk();
    const names = new Map(how === 'kill' ? this.files : this.#durableNames);
    for (const [name, file] of this.files) if (chance() < 0.5) names.set(name, file);
    for (const name of this.#durableNames.keys()) {
      if (how === 'power' && !this.files.has(name) && chance() < 0.5) names.delete(name);
    }
    for (const [name, file] of names) {
      const current = how === 'kill' ? file.current : tornOf(file, chance);
      const synced = how === 'kill' ? file.synced : current;
      disk.setFile(name, Buffer.from(current), Buffer.from(synced), how === 'kill' ? file.dirty : []);
      if (how === 'power' || this.#durableNames.has(name)) disk.#durableNames.set(name, disk.#must(name));
    }
    disk.free = this.free;
    return disk;
  }

  setFile(name: string, current: Buffer, synced: Buffer, dirty: Iterable<number> = []): void {
    this.files.set(name, { current, synced, dirty: new Set(dirty) });
  }

  #must(name: string): SimulatedFile {
    const file = this.files.get(name);
    if (file === undefined) throw Object.assign(new Error(`${name} is not there`), { code: 'ENOENT' });
    return file;
  }

  #handle(file: SimulatedFile): LogFile {
    const resize = (length: number): void => {
      const resized = Buffer.alloc(length);
      file.current.copy(resized);
      file.current = resized;
    };
    return {
      write: async (bytes, position) => {
        await this.hook('write');
        const fits = Math.min(bytes.byteLength, this.capacity);
        this.capacity -= fits;
        if (file.current.byteLength < position + fits) resize(position + fits);
        file.current.set(bytes.subarray(0, fits), position);
        for (let at = position; at < position + fits; at++) file.dirty.add(Math.floor(at / sectorBytes));
        if (fits < bytes.byteLength) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      },
      truncate: async (length) => {
        await this.hook('truncate');
        resize(length);
      },
      sync: async () => {
        const dirty = [...file.dirty];
        file.dirty.clear();
        await this.hook('sync');
        const synced = Buffer.alloc(file.current.byteLength);
        file.synced.copy(synced);
        for (const sector of dirty) {
          const from = sector * sectorBytes;
          if (from < synced.byteLength) file.current.copy(synced, from, from, from + sectorBytes);
        }
        file.synced = synced;
      },
      close: () => this.hook('close'),
    };
  }
}

/** Each sector as it was or as it was to be; the length one of both, or between. */
function tornOf({ current, synced }: SimulatedFile, chance: Chance): Buffer {
  if (current.equals(synced)) return Buffer.from(current);
  const [short, long] = [current.byteLength, synced.byteLength].sort((a, b) => a - b) as [number, number];
  const length = short + Math.floor(chance() * (long - short + 1));
  const torn = Buffer.alloc(length);
  const keep = chance();
  for (let from = 0; from < length; from += sectorBytes) {
    const to = Math.min(length, from + sectorBytes);
    const source = chance() < keep ? current : synced;
    if (from < source.byteLength) source.copy(torn, from, from, Math.min(to, source.byteLength));
  }
  return torn;
}

interface Write {
  /** Undefined: the state. */
  readonly key: string | undefined;
  readonly value: Uint8Array | undefined;
}

class StoreContent {
  state: Uint8Array | undefined;
  readonly data = new Map<string, Uint8Array>();

  apply({ key, value }: Write): void {
    if (key === undefined) this.state = value;
    else if (value === undefined) this.data.delete(key);
    else this.data.set(key, value);
  }
}

/** Keeps writes in order; a crash loses all but a first part of those that were not flushed. */
export class SimulatedStore implements OrderedStore {
  hook: CallHook = () => Promise.resolve();
  #visible = new StoreContent();
  #durable = new StoreContent();
  #queued: Write[] = [];
  #unflushed: Write[] = [];

  put(key: Uint8Array, value: Uint8Array): void {
    this.#queued.push({ key: text(key), value: Buffer.from(value) });
  }

  remove(key: Uint8Array): void {
    this.#queued.push({ key: text(key), value: undefined });
  }

  putState(state: Uint8Array): void {
    this.#queued.push({ key: undefined, value: Buffer.from(state) });
  }

  getState(): Uint8Array | undefined {
    return this.#visible.state;
  }

  async written(): Promise<void> {
    await this.hook('store write');
    for (const write of this.#queued.splice(0)) {
      this.#visible.apply(write);
      this.#unflushed.push(write);
    }
  }

  async flushed(): Promise<void> {
    await this.written();
    const count = this.#unflushed.length;
    await this.hook('store flush');
    for (const write of this.#unflushed.splice(0, count)) this.#durable.apply(write);
  }

  *range({ start, isExclusive, end }: StoreRange): Iterable<StoreEntry> {
    const [from, to] = [text(start), text(end)];
    for (const key of [...this.#visible.data.keys()].sort()) {
      if (key < from || (isExclusive && key === from) || key >= to) continue;
      yield { key: Buffer.from(key, 'latin1'), value: this.#visible.data.get(key) as Uint8Array };
    }
  }

  countIn(range: StoreRange): number {
    return [...this.range(range)].length;
  }

  count(): number {
    return this.#visible.data.size;
  }

  copyTo(): Promise<void> {
    return Promise.reject(new Error('there are no copies of a simulated store'));
  }

  close(): Promise<void> {
    return this.hook('store close');
  }

  /** What the next process finds. */
  crashed(chance: Chance): SimulatedStore {
    this.hook = never;
    const next = new SimulatedStore();
    const pending = [...this.#unflushed, ...this.#queued];
    const kept = pending.slice(0, Math.floor(chance() * (pending.length + 1)));
    for (const content of [next.#durable, next.#visible]) {
      content.state = this.#durable.state;
      for (const [key, value] of this.#durable.data) content.data.set(key, value);
      for (const write of kept) content.apply(write);
    }
    return next;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
