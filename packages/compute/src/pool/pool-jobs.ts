/** The jobs that a thread of the pool knows: those its modules export. */
import { DefinitionError, Definitions, type LoadedModule, ModuleLoadError } from '@troupe/core';
import type { AnyJob } from '../job.ts';

export interface PoolJobs {
  /** Throws DEFINITION_MISSING. */
  mustFind(name: string): AnyJob;
}

/** Imports the modules, in order. Throws MODULE_LOAD_FAILED or DEFINITION_CONFLICT. */
export async function loadPoolJobs(modules: readonly string[]): Promise<PoolJobs> {
  const loaded: LoadedModule[] = [];
  for (const href of modules) loaded.push({ source: href, exports: await importModule(href) });
  const jobs = new Map(
    Definitions.collect(loaded)
      .all('job')
      .map((job) => [job.name, job as AnyJob]),
  );
  return {
    mustFind(name) {
      const job = jobs.get(name);
      if (job === undefined) throw missing(name);
      return job;
    },
  };
}

async function importModule(href: string): Promise<Record<string, unknown>> {
  try {
    return (await import(href)) as Record<string, unknown>;
  } catch (cause) {
    throw new ModuleLoadError(
      `the module ${href} could not be imported on a thread of the pool: ${String(cause)}`,
      {
        cause,
        details: { module: href, thread: 'pool' },
      },
    );
  }
}

function missing(name: string): DefinitionError {
  return new DefinitionError(
    'DEFINITION_MISSING',
    `job '${name}' can't run at 'any': no module given to startGrid exports it, and the threads of the pool know nothing else`,
    { details: { kind: 'job', name } },
  );
}
