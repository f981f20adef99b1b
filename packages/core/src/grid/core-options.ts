/** What a grid is started with, checked before anything starts. */
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Definition, isDefinition } from '../definition/definition.ts';
import {
  checkOptions,
  describeValue,
  mustBe,
  mustBeFunction,
  mustBeInteger,
  mustBePositive,
} from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import {
  closeTimeoutMsDefault,
  flushWithinMsDefault,
  hostsMax,
  keepWarmMsMax,
  partitionsDefault,
  partitionsMax,
  startTimeoutMsDefault,
  timerMsMax,
} from '../limits.ts';
import { memoryStorage } from '../storage/memory-engine.ts';
import type { Storage } from '../storage/storage-engine.ts';
import type { StorageSettings } from '../thread/grid-storage.ts';
import type { WorkerMaker } from '../thread/worker-threads.ts';

/** Heap limits of each host's thread, in megabytes; a thread that passes one ends, and is started again. */
export interface HostResourceLimits {
  readonly maxOldGenerationSizeMb?: number;
  readonly maxYoungGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  readonly stackSizeMb?: number;
}

export interface CoreOptions {
  /** The modules that export the definitions: file URLs or absolute paths. Imported once on every thread. */
  readonly modules?: readonly (URL | string)[];
  /** Definitions made in place. With threads, tables without an affinity function only: no other thread has the code. */
  readonly definitions?: readonly Definition[];
  /** Host threads. Default: one per core less one. 0: the one host shares the thread of the service. */
  readonly threads?: number;
  /** Partitions, dealt out to the hosts. Default 64. */
  readonly partitions?: number;
  readonly resourceLimits?: HostResourceLimits;
  /** Makes the Worker of one host, for programs that are bundled. The Worker's file must run a host. */
  readonly worker?: WorkerMaker;
  /** How long a host may take to import the modules and report ready. Default 30,000. */
  readonly startTimeoutMs?: number;
  /** How long `close()` lets running work finish. Default 10,000. */
  readonly closeTimeoutMs?: number;
  /**
   * For how long the past stays readable (`asOf`), in milliseconds. Costs the memory of everything that is overwritten or
   * removed in that time. Default 0: only what open snapshots need is kept.
   */
  readonly retentionMs?: number;
  /**
   * The latency mode: for so many milliseconds after each message a thread's event loop goes on turning instead of going
   * to sleep, at most 1,000. An idle round trip between threads takes a fraction of its time then, and each thread up
   * to a core for as long as messages keep coming, unless others want it. Needs a core for each thread that is to gain.
   * Default 0: off. Without threads it does nothing.
   */
  readonly keepWarmMs?: number;
  /** Where data is kept beyond the life of threads, and of the process: `lmdb({ path })`. Default: nowhere. */
  readonly storage?: Storage;
  /**
   * With `storage`: `'flushed'` (default) answers when a commit is durable; `'buffered'` when its place in the log is
   * certain, and it is durable within `flushWithinMs`.
   */
  readonly durability?: 'flushed' | 'buffered';
  /** How long a commit that doesn't wait for its flush may be without one, in milliseconds. Default 50. */
  readonly flushWithinMs?: number;
  /**
   * 1: the newest records of every partition are also kept in the memory of a thread of their own, which runs no user
   * code, before anything is acknowledged; so the death of a host's thread loses nothing, without a disk. With `storage`
   * that is so anyway. Default 0.
   */
  readonly backups?: 0 | 1;
}

export interface CheckedOptions {
  readonly storage: StorageSettings | undefined;
  /** URLs, each once. */
  readonly modules: readonly string[];
  readonly definitions: readonly Definition[];
  readonly threads: number;
  readonly partitions: number;
  readonly resourceLimits: HostResourceLimits | undefined;
  readonly worker: WorkerMaker | undefined;
  readonly startTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly retentionMs: number;
  readonly keepWarmMs: number;
}

/** The names `startCore` knows; a facade adds its own. */
export const coreOptionNames: readonly string[] = [
  'modules',
  'definitions',
  'threads',
  'partitions',
  'resourceLimits',
  'worker',
  'startTimeoutMs',
  'closeTimeoutMs',
  'retentionMs',
  'keepWarmMs',
  'storage',
  'durability',
  'flushWithinMs',
  'backups',
];

/** Throws InvalidArgumentError for the first option that is wrong. */
export function checkCoreOptions(options: CoreOptions, otherNames: readonly string[] = []): CheckedOptions {
  checkOptions(options, 'the options of startGrid', [...coreOptionNames, ...otherNames]);
  const threads =
    options.threads === undefined
      ? Math.min(hostsMax, Math.max(1, availableParallelism() - 1))
      : mustBeInteger(options.threads, 'threads', 0, hostsMax);
  if (options.worker !== undefined) mustBeFunction(options.worker, 'worker');
  const checked: CheckedOptions = {
    modules: moduleUrls(options.modules ?? []),
    definitions: checkDefinitions(options.definitions ?? [], threads > 0 && options.worker === undefined),
    threads,
    partitions: mustBeInteger(options.partitions ?? partitionsDefault, 'partitions', 1, partitionsMax),
    resourceLimits: checkResourceLimits(options.resourceLimits),
    worker: options.worker,
    startTimeoutMs: mustBePositive(options.startTimeoutMs ?? startTimeoutMsDefault, 'startTimeoutMs'),
    closeTimeoutMs: mustBePositive(options.closeTimeoutMs ?? closeTimeoutMsDefault, 'closeTimeoutMs'),
    retentionMs: mustBeInteger(options.retentionMs ?? 0, 'retentionMs', 0, timerMsMax),
    keepWarmMs: checkKeepWarm(options.keepWarmMs),
    storage: checkStorage(options),
  };
  if (checked.modules.length === 0 && checked.definitions.length === 0) {
    throw new InvalidArgumentError(
      "startGrid needs `modules: [new URL('./store.js', import.meta.url)]`, the modules that export your definitions, or `definitions`",
      { details: { argument: 'modules' } },
    );
  }
  return checked;
}

function checkKeepWarm(keepWarmMs = 0): number {
  const isTime = typeof keepWarmMs === 'number' && keepWarmMs >= 0 && keepWarmMs <= keepWarmMsMax;
  mustBe(isTime, 'keepWarmMs', `a number of milliseconds from 0 to ${keepWarmMsMax}`, keepWarmMs);
  return keepWarmMs;
}

function checkStorage(options: CoreOptions): StorageSettings | undefined {
  const { storage, durability = 'flushed', backups = 0, flushWithinMs = flushWithinMsDefault } = options;
  mustBe(backups === 0 || backups === 1, 'backups', '0 or 1', backups);
  mustBe(
    durability === 'flushed' || durability === 'buffered',
    'durability',
    "'flushed' or 'buffered'",
    durability,
  );
  mustBeInteger(flushWithinMs, 'flushWithinMs', 0, timerMsMax);
  if (storage !== undefined) {
    const { kind } = (storage ?? {}) as { readonly kind?: unknown };
    mustBe(kind === 'storage', 'storage', 'made by a storage package, like lmdb({ path })', storage);
    return { storage, durability, flushWithinMs };
  }
  if (backups === 1) return { storage: memoryStorage(), durability, flushWithinMs };
  for (const name of ['durability', 'flushWithinMs'] as const) {
    if (options[name] === undefined) continue;
    throw new InvalidArgumentError(
      `${name} means something only with \`storage\` or \`backups: 1\`: without them data lives in memory only`,
      { details: { argument: name } },
    );
  }
  return undefined;
}

function moduleUrls(modules: readonly (URL | string)[]): string[] {
  mustBe(Array.isArray(modules), 'modules', 'an array of URLs', modules);
  return [...new Set(modules.map((module, position) => moduleUrl(module, `modules[${position}]`)))];
}

function moduleUrl(module: unknown, name: string): string {
  if (typeof module === 'string' && isAbsolute(module)) return pathToFileURL(module).href;
  const text = module instanceof URL ? module.href : module;
  if (typeof text === 'string' && /^(file|data):/.test(text)) return text;
  throw new InvalidArgumentError(
    `${name} must be a file URL or an absolute path, got ${describeValue(text)}; write \`new URL('./store.js', import.meta.url)\``,
    { details: { argument: name } },
  );
}

function checkDefinitions(definitions: readonly unknown[], hostsLackCode: boolean): readonly Definition[] {
  mustBe(Array.isArray(definitions), 'definitions', 'an array of definitions', definitions);
  return definitions.map((definition, position) => {
    const name = `definitions[${position}]`;
    mustBe(
      isDefinition(definition),
      name,
      'a definition made by table(), actor(), procedure(), job() or mapReduce()',
      definition,
    );
    if (hostsLackCode) mustBeWithoutCode(definition as Definition, name);
    return definition as Definition;
  });
}

function mustBeWithoutCode(definition: Definition, name: string): void {
  const hasAffinity = (definition as { readonly affinity?: unknown }).affinity !== undefined;
  if (definition.kind === 'table' && !hasAffinity) return;
  const what = hasAffinity ? 'a table with an affinity function' : `of kind ${definition.kind}`;
  throw new InvalidArgumentError(
    `${name}, '${definition.name}', is ${what}: host threads need its code, so export it from a module named in \`modules\` (or use \`threads: 0\`)`,
    { details: { argument: name, kind: definition.kind, name: definition.name } },
  );
}

function checkResourceLimits(limits: HostResourceLimits | undefined): HostResourceLimits | undefined {
  if (limits === undefined) return undefined;
  const known = [
    'maxOldGenerationSizeMb',
    'maxYoungGenerationSizeMb',
    'codeRangeSizeMb',
    'stackSizeMb',
  ] as const;
  checkOptions(limits, 'resourceLimits', known);
  for (const name of known)
    if (limits[name] !== undefined) mustBePositive(limits[name], `resourceLimits.${name}`);
  return limits;
}
