/** What a grid is started with for every member, on every thread. Survives a structured clone. */
import { type ComputeSettings, checkComputeSettings } from '@troupe/compute';
import { idempotencyRetentionMsDefault, mustBeInteger } from '@troupe/core';

export interface MemberSettings {
  readonly compute: ComputeSettings;
  readonly idempotencyRetentionMs: number;
  /** URLs of the user's modules. */
  readonly modules: readonly string[];
}

/** Throws InvalidArgumentError for the first setting that is wrong. */
export function memberSettings(
  compute: ComputeSettings | undefined,
  idempotencyRetentionMs: number | undefined,
  modules: readonly (URL | string)[] | undefined,
): MemberSettings {
  return {
    compute: checkComputeSettings(compute ?? {}),
    idempotencyRetentionMs: mustBeInteger(
      idempotencyRetentionMs ?? idempotencyRetentionMsDefault,
      'idempotencyRetentionMs',
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    modules: Array.isArray(modules) ? modules.map(String) : [],
  };
}
