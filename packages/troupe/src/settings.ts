/** What a grid is started with for every member, on every thread. Survives a structured clone. */
import { blockedMsMaxDefault, type ComputeSettings, checkComputeSettings } from '@troupe/compute';

export interface MemberSettings {
  readonly compute: ComputeSettings;
  /** URLs of the user's modules. */
  readonly modules: readonly string[];
}

/** Throws InvalidArgumentError for the first setting that is wrong. */
export function memberSettings(
  compute: ComputeSettings | undefined,
  modules: readonly (URL | string)[] | undefined,
  threads: number | undefined,
): MemberSettings {
  const { blockedMsMax = blockedMsMaxDefault, ...others } = checkComputeSettings(compute ?? {});
  return {
    // Without threads whoever is to look is blocked himself.
    compute: { ...others, blockedMsMax: threads === 0 ? Number.POSITIVE_INFINITY : blockedMsMax },
    modules: Array.isArray(modules) ? modules.map(String) : [],
  };
}
