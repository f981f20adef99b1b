/**
 * The engine of a grid and the member that it serves: the same on the thread of the storage and, with `threads: 0`, on
 * that of the service. Core opens the engine; what commits are and how they reach it is the wiring's.
 */
import { StorageError } from '../errors/errors.ts';
import type { Member } from '../mesh/member.ts';
import type { Timestamp } from '../mesh/shared-state.ts';
import type {
  OpenStorage,
  RecoveryProgress,
  Storage,
  StorageEngine,
  StorageShape,
  StorageThread,
} from '../storage/storage-engine.ts';
import type { OpenedStorage } from '../thread/storage-messages.ts';

/** What serves an engine to the members of a grid. */
export interface StorageService {
  /** Resolves when nothing is left that could become durable. */
  settled(): Promise<void>;
  /** Resolves with why when nothing is written any more. */
  readonly failure: Promise<Error>;
}

export interface WireStorage {
  /** Makes durable that a new process begins; answers where its clock begins. */
  begin(engine: StorageEngine): Promise<Timestamp>;
  /** Registers message families at the storage's member, before it is connected to anybody. */
  serve(member: Member, engine: StorageEngine, settings: unknown): StorageService;
}

export class StorageHost {
  readonly opened: OpenedStorage;
  readonly #engine: StorageEngine;
  readonly #wire: WireStorage;
  readonly #settings: unknown;
  #member: Member | undefined;
  #service: StorageService | undefined;
  #closing: Promise<void> | undefined;

  /** Throws StorageError. */
  static async open(
    { storage, shape, settings }: StorageOpening,
    wire: WireStorage,
    progress: (report: RecoveryProgress) => void,
    thread: StorageThread,
  ): Promise<StorageHost> {
    const open = await importEngine(storage);
    const engine = await open(storage.options, shape, progress, thread);
    const clockStart = await wire.begin(engine);
    return new StorageHost(engine, wire, settings, { clockStart, tableNumbers: engine.tableNumbers });
  }

  private constructor(engine: StorageEngine, wire: WireStorage, settings: unknown, opened: OpenedStorage) {
    this.#engine = engine;
    this.#wire = wire;
    this.#settings = settings;
    this.opened = opened;
  }

  /** Serves the members that `member` is connected to. `failed` is called when nothing is written any more. */
  serve(member: Member, failed: (error: Error) => void): void {
    this.#member = member;
    this.#service = this.#wire.serve(member, this.#engine, this.#settings);
    void this.#service.failure.then(failed);
  }

  backup(path: string): Promise<void> {
    return this.#engine.backup(path);
  }

  /** Makes durable what was appended, and closes. The same promise when called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#service?.settled();
    this.#member?.close();
    await this.#engine.close();
  }
}

interface StorageOpening {
  readonly storage: Storage;
  readonly shape: StorageShape;
  readonly settings: unknown;
}

async function importEngine(storage: Storage): Promise<OpenStorage> {
  const exports = (await import(storage.module)) as { readonly openStorage?: OpenStorage };
  if (typeof exports.openStorage === 'function') return exports.openStorage;
  throw new StorageError(
    'STORAGE_FOREIGN',
    `the module of the storage '${storage.name}', ${storage.module}, exports no function openStorage`,
    { details: { storage: storage.name, module: storage.module } },
  );
}
