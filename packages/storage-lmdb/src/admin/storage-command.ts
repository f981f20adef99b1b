/** The tools as commands. Writes to what it is handed, so that other programs can offer them under names of their own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { TroupeError } from '@troupe/core';
import { inspectStorage, type StorageReport } from './inspect.ts';
import { type RepairReport, repairStorage } from './repair.ts';
import { repartitionStorage } from './repartition.ts';

const usage = `Usage:
  troupe-storage inspect PATH [--json]
      Lists tables and partitions, and checks every record. Ends with 1 when something is damaged.
  troupe-storage repair PATH
      Goes on without what is damaged, and says what that is. The storage should be copied before.
  troupe-storage repartition FROM TO --partitions COUNT --module FILE [--module FILE …]
      Makes a copy for another number of partitions. FILE: the modules that the grid is started with.
None of them works on a storage that is in use.
`;

/** Where the output of a command goes. */
export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** Returns the exit code: 0 done, 1 damage or an error, 2 not understood. `args`: without the program. */
export async function runStorageCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  try {
    const { positionals, values } = parsed(args);
    const [command, first, second] = positionals;
    if (values.help === true) {
      output.out(usage);
      return 0;
    }
    if (command === 'inspect' && first !== undefined && positionals.length === 2) {
      return await inspect(first, values.json === true, output);
    }
    if (command === 'repair' && first !== undefined && positionals.length === 2) {
      output.out(describeRepair(await repairStorage(first)));
      return 0;
    }
    const { partitions, module } = values;
    const isWhole = second !== undefined && partitions !== undefined && module !== undefined;
    if (command === 'repartition' && first !== undefined && isWhole) {
      return await repartition(first, second, Number(partitions), module, output);
    }
    output.error(usage);
    return 2;
  } catch (error) {
    if (error instanceof TroupeError) output.error(`${error.code}: ${error.message}\n`);
    else if (isUsageError(error)) output.error(`${error.message}\n${usage}`);
    else throw error;
    return isUsageError(error) ? 2 : 1;
  }
}

function parsed(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      partitions: { type: 'string' },
      module: { type: 'string', multiple: true },
    },
  });
}

function isUsageError(error: unknown): error is Error {
  return (
    error instanceof TypeError && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
  );
}

async function inspect(path: string, isJson: boolean, { out }: CommandOutput): Promise<number> {
  const report = await inspectStorage(path);
  out(isJson ? `${JSON.stringify(report, undefined, 2)}\n` : describeReport(report));
  return report.damages.length === 0 ? 0 : 1;
}

function describeReport(report: StorageReport): string {
  const { tables, partitions, damages } = report;
  const total = partitions.reduce((sum, entries) => sum + entries, 0);
  const lines = [
    `storage          ${report.path}, format ${report.version}`,
    `last timestamp   ${report.lastTimestamp}, start epoch ${report.startEpoch ?? 'none'}`,
    `log              up to ${report.lastSequence} in ${report.segments} files, checkpoint up to ${report.foldedSequence}`,
    `entries          ${total}`,
    ...tables.map(({ name, entries, bytes }) => `  ${name}: ${entries} entries, ${bytes} bytes`),
    `partitions       ${report.partitionCount}`,
    ...partitions.map((entries, partition) => `  ${partition}: ${entries} entries`),
    damages.length === 0 ? 'Every record is sound.' : `DAMAGED in ${damages.length} places:`,
    ...damages.map((damage) => `  ${damage}`),
  ];
  return `${lines.join('\n')}\n`;
}

function describeRepair({ droppedEntries, droppedFrames, keptFiles }: RepairReport): string {
  const lines = [
    `Dropped ${droppedEntries.length} entries of the checkpoint and ${droppedFrames.length} frames of the log.`,
    ...droppedEntries.map(
      ({ partition, table, key }) => `  entry: partition ${partition}, table ${table}, key ${key}`,
    ),
    ...droppedFrames.map((sequence) => `  frame: ${sequence}`),
    `The log as it was: ${keptFiles.join(', ')}.`,
  ];
  return `${lines.join('\n')}\n`;
}

async function repartition(
  from: string,
  to: string,
  partitionCount: number,
  files: readonly string[],
  { out }: CommandOutput,
): Promise<number> {
  const modules = files.map((file) => pathToFileURL(resolve(file)));
  const moved = await repartitionStorage({ from, to, partitionCount, modules });
  out(`${moved} entries are in ${to}, in ${partitionCount} partitions.\n`);
  return 0;
}
