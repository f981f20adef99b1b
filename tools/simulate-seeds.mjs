// A thread of `simulate.mjs`: runs the pieces of work it is given, one after another.
import { parentPort } from 'node:worker_threads';
import { plantedFaults, simulate } from '@troupe/testkit/simulation';

const faultSeedsMax = 2_000;

parentPort?.on('message', (work) => {
  if (work.kind === 'seeds') parentPort.postMessage({ kind: 'seeds', ...runSeeds(work) });
  else parentPort.postMessage({ kind: 'fault', ...measureFault(work.name) });
});

function runSeeds({ mode, from, count, fault }) {
  const planted = plantedFaults.find(({ name }) => name === fault);
  const failures = [];
  const counters = {};
  for (let seed = from; seed < from + count; seed++) {
    const result = simulate(seed, planted ?? { mode });
    add(counters, result.counters);
    if (!result.ok) failures.push({ seed, mode, traceHash: result.traceHash, problems: result.problems });
  }
  return { count, failures, counters };
}

/** Seeds until a fault is found, from three starts, and by what. */
function measureFault(name) {
  const fault = plantedFaults.find((planted) => planted.name === name);
  const found = [0, 100_000, 200_000].map((start) => {
    for (let count = 1; count <= faultSeedsMax; count++) {
      const { ok, problems } = simulate(start + count - 1, fault);
      if (!ok) return { count, by: problems[0].split(/[:\n]/)[0] };
    }
    return { count: Infinity, by: 'nothing' };
  });
  return { name, mode: fault.mode, found };
}

export function add(total, counters) {
  for (const [name, value] of Object.entries(counters)) {
    if (typeof value === 'object') {
      total[name] ??= {};
      add(total[name], value);
    } else if (name.endsWith('Max')) total[name] = Math.max(total[name] ?? 0, value);
    else total[name] = (total[name] ?? 0) + value;
  }
}
