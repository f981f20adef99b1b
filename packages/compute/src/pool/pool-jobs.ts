/** The jobs that a thread of the pool knows: those its modules export. */
import { DefinitionError, ErrorRegistry, importModuleAsHost, loadDefinitions } from '@troupe/core';
import type { AnyJob } from '../job.ts';

export interface PoolJobs {
  /** Throws DEFINITION_MISSING. */
  mustFind(name: string): AnyJob;
}

/** Imports the modules, in order. Throws MODULE_LOAD_FAILED or DEFINITION_CONFLICT. */
export async function loadPoolJobs(modules: readonly string[]): Promise<PoolJobs> {
  const sources = { modules, definitions: [], tables: [] };
  // Errors leave this thread in the form of the wire, so no class has to be known here.
  const definitions = await loadDefinitions(sources, new ErrorRegistry(), (href) =>
    importModuleAsHost(href, 'a thread of the pool'),
  );
  const jobs = new Map(definitions.all('job').map((job) => [job.name, job as AnyJob]));
  return {
    mustFind(name) {
      const job = jobs.get(name);
      if (job === undefined) throw missing(name);
      return job;
    },
  };
}

function missing(name: string): DefinitionError {
  return new DefinitionError(
    'DEFINITION_MISSING',
    `job '${name}' can't run at 'any': no module given to startGrid exports it, and the threads of the pool know nothing else`,
    { details: { kind: 'job', name } },
  );
}
