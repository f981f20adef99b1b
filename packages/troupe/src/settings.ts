/** What a grid is started with for every member, on every thread. Survives a structured clone. */
import { blockedMsMaxDefault, type ComputeSettings, checkComputeSettings } from '@troupe/compute';
import {
  checkOptions,
  idempotencyRetentionMsDefault,
  mustBe,
  mustBeInteger,
  mustBePositive,
  timerMsMax,
} from '@troupe/core';
import { type LockStrategyName, lockStrategies } from '@troupe/transactions';

/** What a grid can be told for measurements. Nothing here is promised: it may change or go with any release. */
export interface ExperimentalSettings {
  /**
   * What happens when two transactions want what only one can have. Default `'wound-wait'`, which is what the documents
   * describe; under `'wait-die'` and `'no-wait'` whoever comes second ends and is tried again.
   */
  readonly lockStrategy?: LockStrategyName;
}

/** When actors are passivated: their states are packed away until their next message. */
export interface ActorSettings {
  /** Milliseconds without a message, for definitions that name none. Default: never. */
  readonly passivateAfterMs?: number;
  /** Actors that may be active on one host; beyond it the least recently used ones are passivated. Default: any number. */
  readonly residentsMax?: number;
}

/** `true`: spans. `'propagate'`: the trace context follows calls, and no spans are made. */
export type TracingMode = boolean | 'propagate';

/** What threads count of themselves beyond what costs next to nothing. */
export interface MetricsSettings {
  /** Find the keys of actors that get most messages. Costs a look-up for each message. Default false. */
  readonly hotKeys?: boolean;
  /**
   * Milliseconds after which each thread publishes its row of `grid.metrics()` on the diagnostics channel
   * `troupe.metrics` of that thread, again and again, where somebody listens. Default: never.
   */
  readonly publishEveryMs?: number;
}

export interface MemberSettings {
  readonly actors: ActorSettings;
  readonly compute: ComputeSettings;
  readonly idempotencyRetentionMs: number;
  /** URLs of the user's modules. */
  readonly modules: readonly string[];
  readonly lockStrategy: LockStrategyName;
  /** Jobs at `'any'` run on the thread of the service. */
  readonly isPoolInline: boolean;
  readonly metrics: MetricsSettings;
  readonly tracing: TracingMode;
}

/** The options of a grid that matter to its members. */
interface GivenSettings {
  readonly actors: ActorSettings | undefined;
  readonly compute: ComputeSettings | undefined;
  readonly idempotencyRetentionMs: number | undefined;
  readonly modules: readonly (URL | string)[] | undefined;
  readonly threads: number | undefined;
  readonly experimental: ExperimentalSettings | undefined;
  readonly isPoolInline: boolean;
  readonly metrics: MetricsSettings | undefined;
  readonly tracing: TracingMode | undefined;
}

/** Throws InvalidArgumentError for the first setting that is wrong. */
export function memberSettings({
  actors = {},
  compute,
  idempotencyRetentionMs = idempotencyRetentionMsDefault,
  modules,
  threads,
  experimental = {},
  isPoolInline = false,
  metrics = {},
  tracing = false,
}: Partial<GivenSettings>): MemberSettings {
  const { blockedMsMax = blockedMsMaxDefault, ...others } = checkComputeSettings(compute ?? {});
  checkOptions(experimental, 'experimental', ['lockStrategy']);
  const { lockStrategy = 'wound-wait' } = experimental;
  checkOptions(actors, 'actors', ['passivateAfterMs', 'residentsMax']);
  const { passivateAfterMs, residentsMax } = actors;
  if (passivateAfterMs !== undefined) mustBePositive(passivateAfterMs, 'actors.passivateAfterMs');
  if (residentsMax !== undefined)
    mustBeInteger(residentsMax, 'actors.residentsMax', 1, Number.MAX_SAFE_INTEGER);
  checkOptions(metrics, 'metrics', ['hotKeys', 'publishEveryMs']);
  const { hotKeys = false, publishEveryMs } = metrics;
  if (publishEveryMs !== undefined) mustBeInteger(publishEveryMs, 'metrics.publishEveryMs', 1, timerMsMax);
  mustBe(typeof hotKeys === 'boolean', 'metrics.hotKeys', 'a boolean', hotKeys);
  const isMode = typeof tracing === 'boolean' || tracing === 'propagate';
  mustBe(isMode, 'tracing', "true, false or 'propagate'", tracing);
  const names = Object.keys(lockStrategies);
  mustBe(
    names.includes(lockStrategy),
    'experimental.lockStrategy',
    `one of ${names.join(', ')}`,
    lockStrategy,
  );
  return {
    actors,
    lockStrategy,
    isPoolInline,
    metrics,
    tracing,
    // Without threads whoever is to look is blocked himself.
    idempotencyRetentionMs: mustBeInteger(
      idempotencyRetentionMs,
      'idempotencyRetentionMs',
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    compute: { ...others, blockedMsMax: threads === 0 ? Number.POSITIVE_INFINITY : blockedMsMax },
    modules: Array.isArray(modules) ? modules.map(String) : [],
  };
}
