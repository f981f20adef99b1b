// Runs the locking protocol under simulation, seed after seed, and says how to run a failing one again.
//
//   npm run simulate -- --seeds 10000 [--from 0] [--fault NAME]
//   npm run simulate -- --faults            seeds until each planted fault is found, from three starts
//
// Expects a finished build.
import { parseArgs } from 'node:util';
import { plantedFaults, simulate } from '@troupe/testkit/simulation';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    fault: { type: 'string' },
    faults: { type: 'boolean', default: false },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);

if (values.faults) plantedFaults.forEach(reportFault);
else run(values.fault === undefined ? undefined : mustFindFault(values.fault));

function run(fault) {
  const failed = [];
  const counters = {};
  const startedMs = performance.now();
  for (let seed = from; seed < from + seeds; seed++) {
    const result = simulate(seed, fault);
    add(counters, result.counters);
    if (!result.ok) {
      failed.push(seed);
      console.error(`\nseed ${seed} failed (trace ${result.traceHash}):`);
      for (const problem of result.problems.slice(0, 3)) console.error(`  ${problem}`);
      const name = fault === undefined ? '' : ` --fault ${fault.name}`;
      console.error(`again: npm run simulate -- --seeds 1 --from ${seed}${name}`);
      if (failed.length === 5) break;
    }
    const done = seed - from + 1;
    if (done % 500 === 0) console.log(`${done} of ${seeds} seeds, ${failed.length} failed`);
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${failed.length} seeds failed, ${seconds} s;`, counters);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** Seeds until a fault is found, from three starts, and by what it was found. */
function reportFault(fault) {
  const found = [0, 100_000, 200_000].map((start) => {
    for (let count = 1; count <= 2_000; count++) {
      const { ok, problems } = simulate(start + count - 1, fault);
      if (!ok) return { count, by: problems[0].split(/[:\n]/)[0] };
    }
    return { count: Infinity, by: 'nothing' };
  });
  const sorted = found.map(({ count }) => count).sort((left, right) => left - right);
  const by = [...new Set(found.map(({ by }) => by))].join(', ');
  console.log(`| ${fault.name} | ${found.map(({ count }) => count).join(', ')} | ${sorted[1]} | ${by} |`);
}

function mustFindFault(name) {
  const fault = plantedFaults.find((planted) => planted.name === name);
  if (fault !== undefined) return fault;
  console.error(`There is no planted fault "${name}". There are:`);
  for (const planted of plantedFaults) console.error(`  ${planted.name}`);
  process.exit(2);
}

function add(total, counters) {
  for (const [name, value] of Object.entries(counters)) {
    if (typeof value === 'object') {
      total[name] ??= {};
      add(total[name], value);
    } else if (name.endsWith('Max')) total[name] = Math.max(total[name] ?? 0, value);
    else total[name] = (total[name] ?? 0) + value;
  }
}
