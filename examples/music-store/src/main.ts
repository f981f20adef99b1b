// The command: reads what is asked for, starts a grid, and runs the store on it or serves it.
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Grid, startGrid, TroupeError } from 'troupe';
import type { Catalogue } from './catalogue/catalogue.ts';
import { readChinook } from './catalogue/chinook.ts';
import { generateCatalogue } from './catalogue/generated.ts';
import { parseCommandLine, type Settings, usage } from './command-line.ts';
import { InputError } from './input-error.ts';
import { load } from './phases/load.ts';
import { makePurchases } from './phases/purchases.ts';
import { progressFor } from './progress.ts';
import { renderReport } from './report.ts';
import { runStore } from './run-store.ts';
import { createService } from './service.ts';

const exitCodes = { ok: 0, failed: 1, badInput: 2 };
const progress = progressFor(process.stderr);

try {
  const settings = parseCommandLine(process.argv.slice(2));
  if (settings === 'help') process.stdout.write(usage);
  else process.exitCode = await main(settings);
} catch (error) {
  process.exitCode = tell(error);
}

/** What went wrong, in one line where that is enough, and the exit code for it. Throws what nobody foresaw. */
function tell(error: unknown): number {
  if (error instanceof InputError) {
    process.stderr.write(`${error.message}\n`);
    return exitCodes.badInput;
  }
  // A lost host, say: the grid is in memory only, so the run can't go on without the host's rows.
  if (!(error instanceof TroupeError)) throw error;
  process.stderr.write(`The run was ended by ${error.code}: ${error.message}\n`);
  return exitCodes.failed;
}

async function main(settings: Settings): Promise<number> {
  if (settings.jsonPath !== undefined) await mustBeWritable(settings.jsonPath);
  const catalogue = await catalogueOf(settings);
  await using grid = await startGrid({
    modules: [new URL('./definitions.js', import.meta.url)],
    ...(settings.threads === undefined ? {} : { threads: settings.threads }),
  });
  if (settings.servePort !== undefined) return await serve(grid, catalogue, settings, settings.servePort);

  const summary = await runStore(grid, catalogue, settings, progress);
  process.stdout.write(`\n${renderReport(summary, catalogue.source)}\n`);
  if (settings.jsonPath !== undefined)
    await writeFile(settings.jsonPath, `${JSON.stringify(summary, null, 2)}\n`);
  return summary.audit.ok ? exitCodes.ok : exitCodes.failed;
}

function catalogueOf({ catalogue, seed }: Settings): Catalogue | Promise<Catalogue> {
  return catalogue.from === 'file'
    ? readChinook(catalogue.path)
    : generateCatalogue({ scale: catalogue.scale, seed });
}

/** Serves until a signal asks to stop; requests under way are answered first. */
async function serve(grid: Grid, catalogue: Catalogue, settings: Settings, port: number): Promise<number> {
  await load(grid, catalogue, settings.seed, progress);
  await makePurchases(grid, catalogue, settings, progress);
  const service = createService(grid);
  const address = await service.listen({ port, host: '127.0.0.1' }).catch((error: Error) => {
    throw new InputError(`--port ${port}: ${error.message}`);
  });
  process.stdout.write(`Serving the music store at ${address}\n`);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await service.close();
  return exitCodes.ok;
}

/** A run may take long; it had better not end in a file that can't be written. */
async function mustBeWritable(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory() !== true) throw new InputError(`--json ${path}: no such folder`);
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory() === true) throw new InputError(`--json ${path}: is a folder`);
}
