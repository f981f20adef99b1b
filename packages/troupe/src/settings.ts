/** What a grid is started with for every member, on every thread. Survives a structured clone. */
import { type ComputeSettings, checkComputeSettings } from '@troupe/compute';

export interface MemberSettings {
  readonly compute: ComputeSettings;
  /** URLs of the user's modules. */
  readonly modules: readonly string[];
}

/** Throws InvalidArgumentError for the first setting that is wrong. */
export function memberSettings(
  compute: ComputeSettings | undefined,
  modules: readonly (URL | string)[] | undefined,
): MemberSettings {
  return {
    compute: checkComputeSettings(compute ?? {}),
    modules: Array.isArray(modules) ? modules.map(String) : [],
  };
}
