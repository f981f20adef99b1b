// Tortures grids on real threads for longer than the tests do: one workload, or all of them in turn.
//
//   npm run torture -- --seconds 60                     all workloads, a minute each
//   npm run torture -- --workload bank --seconds 600 [--seed 7] [--hosts 3] [--kills 5] [--round 2]
//
// Expects a finished build. Ends with 1 if anything was wrong, and says with which seed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workloads } from '../packages/troupe/test/fixtures/torture/workloads.mjs';

const program = fileURLToPath(new URL('../packages/troupe/test/fixtures/torture/main.mjs', import.meta.url));
const args = process.argv.slice(2);
const named = args.indexOf('--workload');
const chosen = named < 0 ? Object.keys(workloads) : [args[named + 1]];
const rest = named < 0 ? args : args.toSpliced(named, 2);

for (const workload of chosen) {
  const { status, stdout } = spawnSync(process.execPath, [program, '--workload', workload, ...rest], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.exitCode = 1;
  report(workload, stdout);
}

function report(workload, printed) {
  if (printed === '') return;
  const { rounds, requests, outcomes, problems } = JSON.parse(printed);
  console.log(
    `${workload}: ${requests} requests in ${rounds} rounds, ${outcomes.kills ?? 0} kills, ${problems.length} problems`,
  );
  for (const problem of problems.slice(0, 5)) console.error(`\n${problem}`);
}
