/** Bounds the import of a module on the main thread, where nothing can stop it. */
import { ModuleLoadError } from '../errors/errors.ts';
import { settlesWithin } from './deferred.ts';

/** The exports of `href`. Throws ModuleLoadError when `importing` takes too long. */
export async function importInTime<T>(href: string, importing: Promise<T>, timeoutMs: number): Promise<T> {
  if (await settlesWithin(importing, timeoutMs)) return importing;
  throw new ModuleLoadError(
    `the main thread was still importing ${href} after ${timeoutMs} ms. A module that awaits startGrid at its top level can't be among the \`modules\` of that grid: each would wait for the other. If it is only slow, raise \`startTimeoutMs\``,
    { details: { module: href, timeoutMs } },
  );
}
