/**
 * The thread of the storage as the main thread sees it. A plain Worker: the pool that hosts come from would end it with
 * its task. It is ended when it has closed, or when it doesn't in time.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { neverReached } from '../assert.ts';
import { type ErrorRegistry, errorFromWire } from '../errors/error-codec.ts';
import { StorageError } from '../errors/errors.ts';
import { type WatchedPort, watchPort } from '../link/port-link.ts';
import type { MemberIdentity } from '../mesh/peer.ts';
import type { RecoveryProgress, Storage, StorageShape } from '../storage/storage-engine.ts';
import type { PeerConnection } from './control-messages.ts';
import { type Deferred, deferred, settlesWithin } from './deferred.ts';
import { threadExecArgv } from './exec-argv.ts';
import type {
  FromStorage,
  OpenedStorage,
  SharedMemory,
  StorageStart,
  ToStorage,
} from './storage-messages.ts';

export interface StorageRunOptions {
  /** The module that runs a storage with what it finds in its `workerData`. */
  readonly entry: URL;
  readonly storage: Storage;
  readonly shape: StorageShape;
  readonly settings: unknown;
  readonly errors: ErrorRegistry;
  readonly progress: (report: RecoveryProgress) => void;
}

export class StorageRun {
  /** Resolves with why when the thread has ended and should not have. */
  readonly lost: Promise<StorageError>;
  /** Resolves with why when nothing is written any more. */
  readonly failed: Promise<Error>;
  readonly #failed = deferred<Error>();
  readonly #control: MessagePort;
  readonly #inbox: WatchedPort;
  readonly #worker: Worker;
  readonly #options: StorageRunOptions;
  readonly #opened = deferred<OpenedStorage>();
  readonly #ended = deferred<void>();
  readonly #backups = new Map<number, Deferred<void>>();
  #isClosing = false;
  #failure: unknown;

  constructor(options: StorageRunOptions) {
    this.#options = options;
    const { port1, port2 } = new MessageChannel();
    const { storage, shape, settings } = options;
    const workerData: StorageStart = { kind: 'storage', storage, shape, settings, control: port2 };
    const execArgv = threadExecArgv(process.execArgv);
    this.#control = port1;
    this.#inbox = watchPort<FromStorage>(port1, (message) => this.#receive(message));
    this.#worker = new Worker(options.entry, {
      workerData,
      transferList: [port2],
      ...(execArgv === undefined ? {} : { execArgv }),
    });
    this.#worker.on('error', (error) => {
      this.#failure = error;
    });
    const lost = deferred<StorageError>();
    this.lost = lost.promise;
    this.failed = this.#failed.promise;
    this.#worker.once('exit', () => {
      this.#inbox.drain();
      this.#inbox.close();
      const error = this.#threadLost();
      this.#opened.reject(error);
      for (const backup of this.#backups.values()) backup.reject(error);
      if (!this.#isClosing) {
        lost.resolve(error);
        this.#failed.resolve(error);
      }
      this.#ended.resolve();
    });
  }

  /** Rejects with why the engine could not be opened. */
  opened(): Promise<OpenedStorage> {
    return this.#opened.promise;
  }

  serve(identity: MemberIdentity, shared: SharedMemory): void {
    this.#send({ type: 'serve', identity, shared });
  }

  /** Connects it with another member, whose end of the link is `port`'s other one. */
  connect(peer: PeerConnection): void {
    this.#control.postMessage({ type: 'connect', peer } satisfies ToStorage, [peer.port]);
  }

  memberLost(member: number, incarnation: number): void {
    this.#send({ type: 'memberLost', member, incarnation });
  }

  backup(path: string): Promise<void> {
    const id = this.#backups.size + 1;
    const backup = deferred<void>();
    this.#backups.set(id, backup);
    this.#send({ type: 'backup', id, path });
    return backup.promise;
  }

  /** Lets it make durable what it has, then ends the thread. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    this.#send({ type: 'close' });
    await settlesWithin(this.#ended.promise, deadlineMs - performance.now());
    await this.#worker.terminate();
  }

  #send(message: ToStorage): void {
    if (!this.#inbox.closed) this.#control.postMessage(message);
  }

  #receive(message: FromStorage): void {
    const { errors, progress } = this.#options;
    switch (message.type) {
      case 'progress':
        progress(message.progress);
        break;
      case 'opened':
        this.#opened.resolve(message.opened);
        break;
      case 'failed':
        this.#failure = errorFromWire(message.error, errors);
        this.#opened.reject(this.#failure);
        break;
      case 'broken':
        this.#failed.resolve(errorFromWire(message.error, errors) as Error);
        break;
      case 'backedUp': {
        const backup = this.#backups.get(message.id);
        if (message.error === undefined) backup?.resolve();
        else backup?.reject(errorFromWire(message.error, errors));
        break;
      }
      case 'closed':
        break;
      default:
        neverReached(message, 'a message of the storage');
    }
  }

  #threadLost(): StorageError {
    const cause = this.#failure;
    const message = 'the thread of the storage has ended';
    return new StorageError('STORAGE_FAILED', message, cause === undefined ? {} : { cause });
  }
}
